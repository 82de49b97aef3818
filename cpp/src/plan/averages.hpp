// Averages of batch means and variances, which stand for them where there is no batch.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "base/buffer.hpp"
#include "plan/value.hpp"

namespace fanin {

template <class T>
class Normalizer;
template <class T>
struct Nodes;

template <class T>
T without_denormals(T x) {
  return std::abs(x) < std::numeric_limits<T>::min() ? T{0} : x;
}

template <class T>
class Averages {
 public:
  explicit Averages(const Nodes<T>& nodes);

  T* mean(const Normalizer<T>& of) const;
  T* variance(const Normalizer<T>& of) const;
  const Buffer<T>& values() const { return values_; }

  // What batch norms have found of a batch is noted, and then all that was noted is added.
  void note(const std::vector<Normalizer<T>*>& normalizers, Batch batch);
  void add(const std::vector<Normalizer<T>*>& normalizers);

  void copy(const Averages& other);

  // of all batches together, for each layer with parameters: 1, or with bias correction 1 - decay^t
  std::vector<double>& weights() { return weights_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  Buffer<T> values_, noted_;
  std::vector<double> weights_;
};

extern template class Averages<float>;
extern template class Averages<double>;

}  // namespace fanin
