#include "plan/averages.hpp"

#include <algorithm>

namespace fanin {
template <class T>
Averages<T>::Averages(const Layout<T>& layout)
    : values_(layout.table.statistics_size), noted_(layout.table.statistics_size) {
  for (const LayerLayout& layer : layout.layers) {
    const bool corrected = layer.batch_norm && layer.batch_norm->bias_correction;
    weights_.push_back(corrected ? 0 : 1);
    if (layer.batch_norm) std::fill_n(variance(layer), layer.units, T{1});
  }
}

template <class T>
void Averages<T>::note(const LayerLayout& layer, const BatchStatistics<T>& batch) {
  const double rows = static_cast<double>(batch.rows);
  const T unbiased = static_cast<T>(rows / (rows - 1));
  T *mean = noted_.data() + layer.mean, *variance = noted_.data() + layer.variance;
  for (std::size_t j = 0; j < layer.units; ++j) {
    mean[j] = batch.first.at(0, j / kPanel<T>)[j % kPanel<T>] + batch.offset[j];
    variance[j] = batch.variance[j] * unbiased;
  }
}

// With w the weight of all batches, average <- average + (1 - decay) / w (batch - average): where w is 1 the
// plain average, where it is 1 - decay^t the one divided by that.
template <class T>
void Averages<T>::add(const Layout<T>& layout) {
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const LayerLayout& layer = layout.layers[l];
    if (!layer.batch_norm) continue;
    const double decay = layer.batch_norm->decay;
    if (layer.batch_norm->bias_correction) weights_[l] = decay * weights_[l] + (1 - decay);
    const T share = static_cast<T>((1 - decay) / weights_[l]);
    const std::size_t end = layer.variance + Layout<T>::rounded(layer.units);
    for (std::size_t i = layer.mean; i < end; ++i) {
      T& average = values_.data()[i];
      average = without_denormals(average + share * (noted_.data()[i] - average));
    }
  }
}

template <class T>
void Averages<T>::copy(const Averages& other) {
  if (values_.size() > 0) std::memcpy(values_.data(), other.values_.data(), values_.size() * sizeof(T));
  weights_ = other.weights_;
}

template class Averages<float>;
template class Averages<double>;

}  // namespace fanin
