// Averages of batch means and variances, which stand for them where there is no batch.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/buffer.hpp"
#include "plan/layout.hpp"

namespace fanin {

template <class T>
T without_denormals(T x) {
  return std::abs(x) < std::numeric_limits<T>::min() ? T{0} : x;
}

// What a step has found of a layer: mean = first + offset, and the variance that divides by `rows`
template <class T>
struct BatchStatistics {
  Panels<const T> first;
  const T *offset, *variance;
  std::size_t rows;
};

template <class T>
class Averages {
 public:
  explicit Averages(const Layout<T>& layout);

  T* mean(const LayerLayout& layer) const { return values_.data() + layer.mean; }
  T* variance(const LayerLayout& layer) const { return values_.data() + layer.variance; }
  const Buffer<T>& values() const { return values_; }

  // A batch of a layer is noted, and then all that was noted is added.
  void note(const LayerLayout& layer, const BatchStatistics<T>& batch);
  void add(const Layout<T>& layout);

  void copy(const Averages& other);

  // of all batches together, layer by layer: 1, or with bias correction 1 - decay^t
  std::vector<double>& weights() { return weights_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  Buffer<T> values_, noted_;
  std::vector<double> weights_;
};

extern template class Averages<float>;
extern template class Averages<double>;

}  // namespace fanin
