#include <algorithm>
#include <cmath>

#include "base/registry.hpp"
#include "plan/normalizer_across.hpp"

namespace fanin {

template <class T>
void NormalizerAcross<T>::bind(Carver<T>& memory, std::size_t rows) {
  for (T** row : {&mean_, &scale_, &slope_, &added_, &unit_, &product_}) *row = memory.matrix(1, of_.columns);
  for (T** block : {&blocks_, &more_blocks_}) {
    *block = memory.matrix((rows + kRowBlock - 1) / kRowBlock, rounded<T>(of_.columns));
  }
}

template <class T>
BatchNormForward<T> NormalizerAcross<T>::moments_of(Panels<const T> u, std::size_t panel) const {
  const std::size_t first = panel * kPanel<T>, width = u.width(panel);
  const std::size_t blocks = first * ((u.rows + kRowBlock - 1) / kRowBlock);
  return {u.at(0, panel),
          static_cast<std::ptrdiff_t>(width),
          u.rows,
          width,
          mean_ + first,
          of_.variance_ + first,
          of_.offset_ + first,
          mean_ + first,
          mean_ + first,
          static_cast<T>(of_.norm.epsilon),
          blocks_ + blocks,
          more_blocks_ + blocks,
          scale_ + first,
          added_ + first,
          unit_ + first};
}

template <class T>
void NormalizerAcross<T>::take_moments(const StepOf<T>& step, Range of_columns) const {
  const Panels<const T> u = of_.seen(step.batch);
  const Range panels = panels_of<T>(of_columns);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const BatchNormForward<T> of = moments_of(u, p);
    kernels<T>().batch_norm_moments(of, {0, of.rows}, {0, of.columns});
    kernels<T>().batch_norm_statistics(of, {0, of.columns});
  }
}

//   mean = sum of n_r m_r / n,   variance = sum of n_r (v_r + (m_r - mean)^2) / n
template <class T>
void NormalizerAcross<T>::add_moments(const StepOf<T>& step) {
  const Panels<const T> u = of_.seen(step.batch);
  const double rows = static_cast<double>(u.rows), all = step.across->rows(step.batch.number);
  for (std::size_t j = 0; j < of_.columns; ++j) sums_[j] = rows * static_cast<double>(mean_[j]);
  step.across->sum(std::span(sums_));
  for (std::size_t j = 0; j < of_.columns; ++j) {
    sums_[j] /= all;
    const double difference = static_cast<double>(mean_[j]) - sums_[j];
    products_[j] = rows * (static_cast<double>(of_.variance_[j]) + difference * difference);
  }
  step.across->sum(std::span(products_));
  for (std::size_t j = 0; j < of_.columns; ++j) {
    const T first = u.at(0, j / kPanel<T>)[j % kPanel<T>];
    of_.offset_[j] = static_cast<T>(sums_[j] - static_cast<double>(first));
    of_.variance_[j] = static_cast<T>(products_[j] / all);
  }
}

template <class T>
void NormalizerAcross<T>::forward(const StepOf<T>& step, T* to_a, T* to_z, int activation,
                                  Range panels) const {
  const Panels<const T> u = of_.seen(step.batch);
  const Panels<T> a = of_.u_->panels(to_a, step.batch), z = of_.u_->panels(to_z, step.batch);
  const T epsilon = static_cast<T>(of_.norm.epsilon);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = u.width(p), used = u.used(p), end = p * kPanel<T> + width;
    for (std::size_t j = p * kPanel<T>; j < end; ++j) {
      scale_[j] = step.parameters[of_.scale + j] / std::sqrt(of_.variance_[j] + epsilon);
      added_[j] = step.parameters[of_.shift + j] - of_.offset_[j] * scale_[j];
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
BatchNormGradient<T> NormalizerAcross<T>::gradient_of(Panels<const T> u, Panels<T> dz,
                                                      std::size_t panel) const {
  const std::size_t first = panel * kPanel<T>, width = u.width(panel);
  const std::size_t blocks = first * ((u.rows + kRowBlock - 1) / kRowBlock);
  const auto stride = static_cast<std::ptrdiff_t>(width);
  return {dz.at(0, panel),
          stride,
          of_.dgamma_ + first,
          of_.dbeta_ + first,
          dz.at(0, panel),
          stride,
          u.at(0, panel),
          stride,
          u.rows,
          width,
          of_.variance_ + first,
          of_.offset_ + first,
          mean_ + first,
          static_cast<T>(of_.norm.epsilon),
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
void NormalizerAcross<T>::take_sums(const StepOf<T>& step, T* dz, Range of_columns) const {
  const Panels<const T> u = of_.seen(step.batch);
  const Panels<T> gradient = of_.u_->panels(dz, step.batch);
  const Range panels = panels_of<T>(of_columns);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const BatchNormGradient<T> of = gradient_of(u, gradient, p);
    kernels<T>().batch_norm_sums(of, {0, of.rows}, {0, of.columns});
    kernels<T>().batch_norm_gradients(of, {0, of.columns});
  }
}

template <class T>
void NormalizerAcross<T>::add_sums(const StepOf<T>& step) {
  std::copy_n(of_.dbeta_, of_.columns, sums_.begin());
  std::copy_n(product_, of_.columns, products_.begin());
  step.across->sum(std::span(sums_));
  step.across->sum(std::span(products_));
}

template <class T>
void NormalizerAcross<T>::backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range panels) const {
  const Panels<const T> u = of_.seen(step.batch);
  const Panels<T> gradient = of_.u_->panels(dz, step.batch),
                  turned = of_.u_->transposed(dz_transposed, step.batch);
  const double rows = step.across->rows(step.batch.number);
  const T epsilon = static_cast<T>(of_.norm.epsilon);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t first = p * kPanel<T>, used = u.used(p);
    for (std::size_t j = first; j < first + used; ++j) {
      const double inverse = 1 / std::sqrt(static_cast<double>(of_.variance_[j] + epsilon)),
                   of_dy = static_cast<double>(step.parameters[of_.scale + j]) * inverse,
                   of_x = -of_dy * inverse * inverse * products_[j] / rows;
      scale_[j] = static_cast<T>(of_dy);
      slope_[j] = static_cast<T>(of_x);
      added_[j] = static_cast<T>(-(of_dy * sums_[j] / rows + of_x * static_cast<double>(of_.offset_[j])));
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

template class NormalizerAcross<float>;
template class NormalizerAcross<double>;

}  // namespace fanin
