#include "plan/normalizer.hpp"

#include <algorithm>
#include <functional>

#include "base/registry.hpp"
#include "plan/normalizer_across.hpp"

namespace fanin {

template <class T>
Normalizer<T>::Normalizer(const BatchNorm& chosen, std::size_t of_columns, Declarations<T>& declarations)
    : norm(chosen),
      columns(of_columns),
      stage(declarations.stages),
      shift(declarations.add(Role::shift, 1, columns)),
      scale(declarations.add(Role::scale, 1, columns)),
      mean(declarations.add(Role::mean, 1, columns)),
      variance(declarations.add(Role::variance, 1, columns)),
      across_(declarations.synchronized ? std::make_unique<NormalizerAcross<T>>(*this) : nullptr) {
  if (declarations.frozen == nullptr) declarations.normalizers.push_back(this);
}

template <class T>
Normalizer<T>::~Normalizer() = default;

template <class T>
void Normalizer<T>::bind(const Value<T>& u, Carver<T>& memory, std::size_t rows) {
  u_ = &u;
  for (T** row : {&offset_, &variance_, &dgamma_, &dbeta_}) *row = memory.matrix(1, columns);
  if (across_) across_->bind(memory, rows);
}

template <class T>
void Normalizer<T>::forward(const StepOf<T>& step, T* a, T* z, int activation, Range of_columns) const {
  if (across_) return across_->forward(step, a, z, activation, panels_of<T>(of_columns));
  kernels<T>().normalize_layer(
      {u_->panels(a, step.batch), u_->panels(z, step.batch), seen(step.batch), offset_, variance_,
       step.parameters + scale, step.parameters + shift, static_cast<T>(norm.epsilon), activation},
      panels_of<T>(of_columns));
}

template <class T>
void Normalizer<T>::backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range of_columns) const {
  if (across_) return across_->backward(step, dz, dz_transposed, panels_of<T>(of_columns));
  kernels<T>().normalize_layer_backward(
      {u_->panels(dz, step.batch), u_->transposed(dz_transposed, step.batch), dgamma_, dbeta_,
       seen(step.batch), offset_, variance_, step.parameters + scale, static_cast<T>(norm.epsilon)},
      panels_of<T>(of_columns));
}

template <class T>
void Normalizer<T>::initialize(T* parameters) const {
  std::fill_n(parameters + scale, columns, T{1});
}

template <class T>
void Normalizer<T>::scale_of_statistics(T* to, const T* parameters,
                                        const RunningStatistics<T>& statistics) const {
  kernels<T>().batch_norm_scale(to, parameters + scale, statistics.variance(*this),
                                static_cast<T>(norm.epsilon), rounded<T>(columns));
}

// With s = gamma / sqrt(variance + epsilon), column by column,
//   gamma (x w - mean) / sqrt(variance + epsilon) + beta = x (w s) + (beta - mean s)
template <class T>
void Normalizer<T>::fold_into_columns(const Panels<T>& w, T* added, T* folded, const T* parameters,
                                      const RunningStatistics<T>& statistics) const {
  T* const scales = folded + scale;
  scale_of_statistics(scales, parameters, statistics);
  const T zeros[kPanel<T>] = {};
  for (std::size_t p = 0; p < w.count(); ++p) {
    const auto width = static_cast<std::ptrdiff_t>(w.width(p));
    const std::size_t first = p * kPanel<T>;
    T *const panel = w.at(0, p), *const s = scales + first;
    kernels<T>().normalize({panel, width, panel, width, zeros, s, zeros}, {0, w.rows}, {0, w.width(p)});
    T minus[kPanel<T>];
    std::transform(s, s + w.width(p), minus, std::negate<T>());
    const T* const mean = statistics.mean(*this) + first;
    kernels<T>().normalize({added + first, 0, mean, 0, zeros, minus, parameters + shift + first}, {0, 1},
                           {0, w.width(p)});
  }
}

//   ((x - mean) s + beta) w + b = x (s w) + (b + (beta - mean s) w)
template <class T>
void Normalizer<T>::fold_into_rows(const Panels<T>& w, T* added, T* folded, const T* parameters,
                                   const RunningStatistics<T>& statistics) const {
  T* const s = folded + scale;
  scale_of_statistics(s, parameters, statistics);
  for (std::size_t p = 0; p < w.count(); ++p) {
    double sums[kPanel<T>] = {};
    for (std::size_t k = 0; k < w.rows; ++k) {
      const double without_mean = static_cast<double>(parameters[shift + k]) -
                                  static_cast<double>(statistics.mean(*this)[k]) * static_cast<double>(s[k]);
      T* const row = w.at(k, p);
      for (std::size_t j = 0; j < w.used(p); ++j) {
        sums[j] += without_mean * static_cast<double>(row[j]);
        row[j] = without_denormals(row[j] * s[k]);
      }
    }
    T* const biases = added + p * kPanel<T>;
    for (std::size_t j = 0; j < w.used(p); ++j) {
      biases[j] = without_denormals(static_cast<T>(static_cast<double>(biases[j]) + sums[j]));
    }
  }
}

template class Normalizer<float>;
template class Normalizer<double>;

}  // namespace fanin
