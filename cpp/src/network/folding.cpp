// Batch norm folded into the layer before it: with scale = gamma / sqrt(variance + epsilon), column by
// column,
//   gamma (x w - mean) / sqrt(variance + epsilon) + beta = x (w scale) + (beta - mean scale)
// A batch norm by itself is folded into the layer after it, row by row of w:
//   ((x - mean) scale + beta) w + b = x (scale w) + (b + (beta - mean scale) w)
#include <algorithm>
#include <vector>

#include "base/registry.hpp"
#include "network/model.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

template <class T>
void fold_own(T* folded, const T* parameters, const Averages<T>& averages, const LayerLayout& layer) {
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

template <class T>
std::vector<T> scale_of(const T* parameters, const Averages<T>& averages, const LayerLayout& norm) {
  std::vector<T> scale(Layout<T>::rounded(norm.units));
  kernels<T>().batch_norm_scale(scale.data(), parameters + norm.gamma, averages.variance(norm),
                                static_cast<T>(norm.batch_norm->epsilon), scale.size());
  return scale;
}

template <class T>
void fold_into_next(T* folded, const T* parameters, const Averages<T>& averages, const LayerLayout& norm,
                    const LayerLayout& next) {
  const std::vector<T> scale = scale_of(parameters, averages, norm);
  const Panels<T> w = Layout<T>::weights(folded, next);
  for (std::size_t p = 0; p < w.count(); ++p) {
    double sums[kPanel<T>] = {};
    for (std::size_t k = 0; k < w.rows; ++k) {
      const double factor = static_cast<double>(scale[k]);
      const double added = static_cast<double>(parameters[norm.biases + k]) -
                           static_cast<double>(averages.mean(norm)[k]) * factor;
      T* const row = w.at(k, p);
      for (std::size_t j = 0; j < w.used(p); ++j) {
        sums[j] += added * static_cast<double>(row[j]);
        row[j] = without_denormals(row[j] * scale[k]);
      }
    }
    T* const biases = folded + next.biases + p * kPanel<T>;
    for (std::size_t j = 0; j < w.used(p); ++j) {
      biases[j] = without_denormals(static_cast<T>(static_cast<double>(biases[j]) + sums[j]));
    }
  }
}

}  // namespace

template <class T>
void fold(T* folded, const Layout<T>& layout, const T* parameters, const Averages<T>& averages,
          const LayerLayout* unfolded) {
  std::memcpy(folded, parameters, layout.table.size * sizeof(T));
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const LayerLayout& layer = layout.layers[l];
    if (!layer.dense) {
      if (l > 0) continue;
      const std::vector<T> scale = scale_of(parameters, averages, layer);
      std::copy_n(scale.data(), scale.size(), folded + layer.gamma);
      continue;
    }
    if (&layer == unfolded) {
      std::fill_n(folded + layer.biases, Layout<T>::rounded(layer.units), T{0});
    } else if (layer.batch_norm) {
      fold_own(folded, parameters, averages, layer);
    }
    if (l > 1 && !layout.layers[l - 1].dense) {
      fold_into_next(folded, parameters, averages, layout.layers[l - 1], layer);
    }
  }
}

template <class T>
const T* Network<T>::State::folded() const {
  if (!layout.has_batch_norm()) return weights();
  if (!folded_is_stale_.load(std::memory_order_acquire)) return folded_.data();
  const std::lock_guard<std::mutex> lock(folding_);
  if (folded_is_stale_.load(std::memory_order_relaxed)) {
    const FloatingPointScope modes;
    if (folded_.size() == 0) folded_ = Buffer<T>(layout.table.size);
    fold<T>(folded_.data(), layout, weights(), averages, nullptr);
    folded_is_stale_.store(false, std::memory_order_release);
  }
  return folded_.data();
}

template void fold<float>(float*, const Layout<float>&, const float*, const Averages<float>&,
                          const LayerLayout*);
template void fold<double>(double*, const Layout<double>&, const double*, const Averages<double>&,
                           const LayerLayout*);
template const float* Network<float>::State::folded() const;
template const double* Network<double>::State::folded() const;

}  // namespace fanin
