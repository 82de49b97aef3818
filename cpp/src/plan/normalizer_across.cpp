// Batch norm over the rows of all ranks: each rank takes the moments of its rows, which are merged by sums
// over the ranks; in the backward pass, the sums in the gradient with respect to u (batch_norm_backward.hpp)
// are.
#include <algorithm>
#include <cmath>

#include "base/registry.hpp"
#include "plan/normalizer.hpp"

namespace fanin {

template <class T>
BatchNormForward<T> Normalizer<T>::moments_of(Panels<const T> u, std::size_t panel) const {
  const std::size_t first = panel * kPanel<T>, width = u.width(panel);
  const std::size_t blocks = first * ((u.rows + kRowBlock - 1) / kRowBlock);
  return {u.at(0, panel),   static_cast<std::ptrdiff_t>(width),
          u.rows,           width,
          mean_ + first,    variance_ + first,
          offset_ + first,  mean_ + first,
          mean_ + first,    static_cast<T>(norm.epsilon),
          blocks_ + blocks, more_blocks_ + blocks,
          scale_ + first,   added_ + first,
          unit_ + first};
}

template <class T>
void Normalizer<T>::take_moments(const StepOf<T>& step, Range of_columns) const {
  const Panels<const T> u = seen(step.batch);
  const Range panels = panels_of<T>(of_columns);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const BatchNormForward<T> of = moments_of(u, p);
    kernels<T>().batch_norm_moments(of, {0, of.rows}, {0, of.columns});
    kernels<T>().batch_norm_statistics(of, {0, of.columns});
  }
}

//   mean = sum of n_r m_r / n,   variance = sum of n_r (v_r + (m_r - mean)^2) / n
template <class T>
void Normalizer<T>::add_moments(const StepOf<T>& step) const {
  const Panels<const T> u = seen(step.batch);
  const double rows = static_cast<double>(u.rows), all = step.across->rows(step.batch.number);
  for (std::size_t j = 0; j < columns; ++j) sums_[j] = rows * static_cast<double>(mean_[j]);
  step.across->sum(std::span(sums_));
  for (std::size_t j = 0; j < columns; ++j) {
    sums_[j] /= all;
    const double difference = static_cast<double>(mean_[j]) - sums_[j];
    products_[j] = rows * (static_cast<double>(variance_[j]) + difference * difference);
  }
  step.across->sum(std::span(products_));
  for (std::size_t j = 0; j < columns; ++j) {
    const T first = u.at(0, j / kPanel<T>)[j % kPanel<T>];
    offset_[j] = static_cast<T>(sums_[j] - static_cast<double>(first));
    variance_[j] = static_cast<T>(products_[j] / all);
  }
}

template <class T>
void Normalizer<T>::forward_across(const StepOf<T>& step, T* to_a, T* to_z, int activation,
                                   Range panels) const {
  const Panels<const T> u = seen(step.batch);
  const Panels<T> a = u_->panels(to_a, step.batch), z = u_->panels(to_z, step.batch);
  const T epsilon = static_cast<T>(norm.epsilon);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = u.width(p), used = u.used(p), end = p * kPanel<T> + width;
    for (std::size_t j = p * kPanel<T>; j < end; ++j) {
      scale_[j] = step.parameters[scale + j] / std::sqrt(variance_[j] + epsilon);
      added_[j] = step.parameters[shift + j] - offset_[j] * scale_[j];
    }
    const auto stride = static_cast<std::ptrdiff_t>(width);
    const std::size_t first = p * kPanel<T>, size = u.rows * width;
    T* const out = a.at(0, p);
    kernels<T>().normalize({out, stride, u.at(0, p), stride, u.at(0, p), scale_ + first, added_ + first},
                           {0, u.rows}, {0, width});
    if (z.data != nullptr) std::copy_n(out, size, z.at(0, p));
    kernels<T>().activate(activation, out, out, size);
    for (std::size_t i = 0; used < width && i < u.rows; ++i)
      std::fill_n(a.at(i, p) + used, width - used, T{0});
  }
}

template <class T>
BatchNormGradient<T> Normalizer<T>::gradient_of(Panels<const T> u, Panels<T> dz, std::size_t panel) const {
  const std::size_t first = panel * kPanel<T>, width = u.width(panel);
  const std::size_t blocks = first * ((u.rows + kRowBlock - 1) / kRowBlock);
  const auto stride = static_cast<std::ptrdiff_t>(width);
  return {dz.at(0, panel),
          stride,
          dgamma_ + first,
          dbeta_ + first,
          dz.at(0, panel),
          stride,
          u.at(0, panel),
          stride,
          u.rows,
          width,
          variance_ + first,
          offset_ + first,
          mean_ + first,
          static_cast<T>(norm.epsilon),
          blocks_ + blocks,
          more_blocks_ + blocks,
          product_ + first,
          scale_ + first,
          slope_ + first,
          added_ + first,
          unit_ + first,
          false};
}

template <class T>
void Normalizer<T>::take_sums(const StepOf<T>& step, T* dz, Range of_columns) const {
  const Panels<const T> u = seen(step.batch);
  const Panels<T> gradient = u_->panels(dz, step.batch);
  const Range panels = panels_of<T>(of_columns);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const BatchNormGradient<T> of = gradient_of(u, gradient, p);
    kernels<T>().batch_norm_sums(of, {0, of.rows}, {0, of.columns});
    kernels<T>().batch_norm_gradients(of, {0, of.columns});
  }
}

template <class T>
void Normalizer<T>::add_sums(const StepOf<T>& step) const {
  std::copy_n(dbeta_, columns, sums_.begin());
  std::copy_n(product_, columns, products_.begin());
  step.across->sum(std::span(sums_));
  step.across->sum(std::span(products_));
}

template <class T>
void Normalizer<T>::backward_across(const StepOf<T>& step, T* dz, T* dz_transposed, Range panels) const {
  const Panels<const T> u = seen(step.batch);
  const Panels<T> gradient = u_->panels(dz, step.batch), turned = u_->transposed(dz_transposed, step.batch);
  const double rows = step.across->rows(step.batch.number);
  const T epsilon = static_cast<T>(norm.epsilon);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t first = p * kPanel<T>, used = u.used(p);
    for (std::size_t j = first; j < first + used; ++j) {
      const double inverse = 1 / std::sqrt(static_cast<double>(variance_[j] + epsilon)),
                   of_dy = static_cast<double>(step.parameters[scale + j]) * inverse,
                   of_x = -of_dy * inverse * inverse * products_[j] / rows;
      scale_[j] = static_cast<T>(of_dy);
      slope_[j] = static_cast<T>(of_x);
      added_[j] = static_cast<T>(-(of_dy * sums_[j] / rows + of_x * static_cast<double>(offset_[j])));
      unit_[j] = 1;
    }
    const BatchNormGradient<T> of = gradient_of(u, gradient, p);
    kernels<T>().batch_norm_input(of, {0, of.rows}, {0, used});
    for (std::size_t i = 0; dz_transposed != nullptr && i < u.rows; ++i) {
      const T* const from = gradient.at(i, p);
      for (std::size_t j = 0; j < used; ++j) turned.at(first + j, i / kPanel<T>)[i % kPanel<T>] = from[j];
    }
  }
}

#define FANIN_INSTANTIATE(T)                                                                               \
  template BatchNormForward<T> Normalizer<T>::moments_of(Panels<const T>, std::size_t) const;              \
  template BatchNormGradient<T> Normalizer<T>::gradient_of(Panels<const T>, Panels<T>, std::size_t) const; \
  template void Normalizer<T>::take_moments(const StepOf<T>&, Range) const;                                \
  template void Normalizer<T>::add_moments(const StepOf<T>&) const;                                        \
  template void Normalizer<T>::take_sums(const StepOf<T>&, T*, Range) const;                               \
  template void Normalizer<T>::add_sums(const StepOf<T>&) const;                                           \
  template void Normalizer<T>::forward_across(const StepOf<T>&, T*, T*, int, Range) const;                 \
  template void Normalizer<T>::backward_across(const StepOf<T>&, T*, T*, Range) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
