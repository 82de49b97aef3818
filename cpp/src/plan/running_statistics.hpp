// The running mean and variance of each batch norm, which replace those of the batch in prediction.
#pragma once

#include <vector>

#include "base/buffer.hpp"
#include "base/floating_point.hpp"
#include "plan/value.hpp"

namespace fanin {

template <class T>
class Normalizer;
template <class T>
struct Nodes;

template <class T>
class RunningStatistics {
 public:
  explicit RunningStatistics(const Nodes<T>& nodes);

  T* mean(const Normalizer<T>& of) const;
  T* variance(const Normalizer<T>& of) const;
  const Buffer<T>& values() const { return values_; }

  // `note` records the statistics of a batch, and `add` adds what was recorded.
  void note(const std::vector<Normalizer<T>*>& normalizers, Batch batch);
  void add(const std::vector<Normalizer<T>*>& normalizers);

  void copy(const RunningStatistics& other);

  // The total weight of all batches, for each layer with parameters: 1, or 1 - decay^t with bias correction
  std::vector<double>& weights() { return weights_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  Buffer<T> values_, noted_;
  std::vector<double> weights_;
};

extern template class RunningStatistics<float>;
extern template class RunningStatistics<double>;

}  // namespace fanin
