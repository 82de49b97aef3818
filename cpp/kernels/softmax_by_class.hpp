// Softmax, and its cross-entropy with labels, for at most half a panel of classes, transposed: a vector holds
// one class of many samples, so that a few classes do not cost as much as a whole panel.
#pragma once

#include "math.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

// The sum over classes in the order of PanelLanes::sum
template <class T, std::size_t N>
FANIN_INLINE Vec<T> fold_classes(Vec<T> (&e)[N]) {
#pragma GCC unroll 4
  for (std::size_t half = N / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < half; ++j) e[j] = e[j] + e[j + half];
  }
  return e[0];
}

template <class T>
using ByClass = T[kPanel<T> / 2][kPanel<T>];

// Replaces z by e^(z - largest) for a vector of samples from i on, returns their sum; calls
// f(class, z - largest)
template <class T, class F>
FANIN_INLINE Vec<T> exponentials_by_class(ByClass<T>& z, std::size_t classes, std::size_t i, F&& f) {
  constexpr std::size_t most = kPanel<T> / 2;
  Vec<T> largest(-__builtin_huge_val()), e[most];
  for (std::size_t j = 0; j < classes; ++j) largest = max(Vec<T>::load(z[j] + i), largest);
  for (std::size_t j = 0; j < most; ++j) {
    e[j] = Vec<T>(0.0);
    if (j >= classes) continue;
    const Vec<T> x = Vec<T>::load(z[j] + i) - largest;
    f(j, x);
    e[j] = exp(x);
    e[j].store(z[j] + i);
  }
  return fold_classes(e);
}

// Probabilities of at most a panel of samples, written to rows of a row-major matrix
template <class T>
void probabilities_by_class(T* out, std::size_t row_stride, const Panels<const T>& a, std::size_t first,
                            std::size_t count) {
  constexpr std::size_t P = kPanel<T>, most = P / 2, width = Vec<T>::width;
  const std::size_t classes = a.columns;
  alignas(64) ByClass<T> z;
  alignas(64) T p[P][most];
  transpose(z[0], P, classes, a.at(first, 0), most, count, count);
  for (std::size_t i = 0; i < count; i += width) {
    const Vec<T> sum = exponentials_by_class<T>(z, classes, i, [](std::size_t, Vec<T>) {});
    for (std::size_t j = 0; j < classes; ++j) (Vec<T>::load(z[j] + i) / sum).store(z[j] + i);
  }
  transpose(p[0], most, count, z[0], P, classes, most);
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_memcpy(out + i * row_stride, p[i], classes * sizeof(T));
  }
}

// dz, and for each sample the sum of e^(z_j - largest) and z_label - largest; at most a panel of samples
template <class T>
void softmax_by_class(const LossRows<T>& l, std::size_t first, std::size_t count, T* total, T* linear) {
  constexpr std::size_t P = kPanel<T>, most = P / 2, width = Vec<T>::width;
  const std::size_t classes = l.a.columns;
  alignas(64) ByClass<T> z;
  alignas(64) T label[P] = {}, scale[P] = {};
  transpose(z[0], P, classes, l.a.at(first, 0), most, count, count);
  for (std::size_t i = 0; i < count; ++i) {
    label[i] = static_cast<T>(l.labels[first + i]);
    scale[i] = (l.row_weight != nullptr ? l.row_weight[first + i] : T{1}) * l.scale;
  }
  for (std::size_t i = 0; i < count; i += width) {
    const Vec<T> of_label = Vec<T>::load(label + i), factor = Vec<T>::load(scale + i);
    Vec<T> above(0.0);
    const Vec<T> sum = exponentials_by_class<T>(z, classes, i, [&](std::size_t j, Vec<T> x) {
      above = select(of_label == Vec<T>(static_cast<double>(j)), x, above);
    });
    for (std::size_t j = 0; j < classes; ++j) {
      const Vec<T> p = Vec<T>::load(z[j] + i) / sum;
      const auto is_label = of_label == Vec<T>(static_cast<double>(j));
      (select(is_label, p - Vec<T>(1.0), p) * factor).store(z[j] + i);
    }
    above.store(linear + i);
    sum.store(total + i);
  }
  transpose(l.dz.at(first, 0), most, count, z[0], P, classes, most);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
