// The running mean and variance of each batch norm, which replace those of the batch in prediction.
#pragma once

#include <span>
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

  // `note` records the statistics of a batch, which are of so many rows, and `add` adds what was recorded.
  // Between them, `noted` may become a mean over the ranks.
  void note(const std::vector<Normalizer<T>*>& normalizers, Batch batch, double rows);
  void add(const std::vector<Normalizer<T>*>& normalizers);

  std::span<T> noted() const { return {noted_.data(), noted_.size()}; }

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
