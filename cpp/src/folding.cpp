// Batch norm folded into the layer before it: with scale = gamma / sqrt(variance + epsilon), column by
// column,
//   gamma (x w - mean) / sqrt(variance + epsilon) + beta = x (w scale) + (beta - mean scale)
#include <vector>

#include "model.hpp"
#include "registry.hpp"
#include "team.hpp"

namespace fanin {
namespace {

template <class T>
void fold(T* folded, const T* parameters, const Averages<T>& averages, const LayerLayout& layer) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t columns = Layout<T>::rounded(layer.units);
  std::vector<T> scale(columns), minus(columns), zeros(columns);
  kernels<T>().batch_norm_scale(scale.data(), parameters + layer.gamma, averages.variance(layer),
                                static_cast<T>(layer.batch_norm->epsilon), columns);
  for (std::size_t j = 0; j < columns; ++j) minus[j] = -scale[j];

  const Panels<const T> from = Layout<T>::weights(parameters, layer);
  const Panels<T> to = Layout<T>::weights(folded, layer);
  for (std::size_t p = 0; p < from.count(); ++p) {
    const auto width = static_cast<std::ptrdiff_t>(from.width(p));
    kernels<T>().normalize(
        {to.at(0, p), width, from.at(0, p), width, zeros.data(), scale.data() + p * P, zeros.data()},
        {0, from.rows}, {0, from.width(p)});
  }
  kernels<T>().normalize({folded + layer.biases, 0, averages.mean(layer), 0, zeros.data(), minus.data(),
                          parameters + layer.biases},
                         {0, 1}, {0, columns});
}

}  // namespace

template <class T>
const T* Network<T>::State::folded() const {
  if (!layout.has_batch_norm()) return weights();
  const std::lock_guard<std::mutex> lock(folding_);
  if (folded_is_stale_) {
    const FloatingPointScope modes;
    if (folded_.size() == 0) folded_ = Buffer<T>(layout.size);
    std::memcpy(folded_.data(), weights(), layout.size * sizeof(T));
    for (const LayerLayout& layer : layout.layers) {
      if (layer.batch_norm) fold(folded_.data(), weights(), averages, layer);
    }
    folded_is_stale_ = false;
  }
  return folded_.data();
}

template const float* Network<float>::State::folded() const;
template const double* Network<double>::State::folded() const;

}  // namespace fanin
