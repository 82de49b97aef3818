// Sums over the rows of a batch for each unit of a layer that is watched.
#pragma once

#include "dense.hpp"

namespace fanin::FANIN_ISA {
namespace {

// The sums of a - a_0, with a_0 of the first row, and of their squares; the number of rows with |f'(z)| below
// a limit; the sum of dz^2; and a_0
template <class A, class T>
void watch_panel(const WatchedUnits<T>& w, std::size_t p) {
  const std::size_t width = w.a.width(p), rows = w.a.rows;
  for (std::size_t column = 0; column < width; column += Vec<T>::width) {
    const T *a = w.a.at(0, p) + column, *z = A::needs_input ? w.z.at(0, p) + column : nullptr,
            *dz = w.dz.data != nullptr ? w.dz.at(0, p) + column : nullptr;
    const Vec<T> first = Vec<T>::load(a), one(1.0), none(0.0), limit(static_cast<double>(w.flat_below));
    Vec<T> sum(0.0), squares(0.0), flat(0.0), gradient(0.0);
    for (std::size_t row = 0; row < rows; ++row, a += width) {
      const Vec<T> value = Vec<T>::load(a), apart = value - first;
      sum = sum + apart;
      squares = fma(apart, apart, squares);
      Vec<T> input = none;
      if constexpr (A::needs_input) input = Vec<T>::load(z + row * width);
      flat = flat + select(abs(A::backward(one, input, value)) < limit, one, none);
      if (dz == nullptr) continue;
      const Vec<T> d = Vec<T>::load(dz + row * width);
      gradient = fma(d, d, gradient);
    }
    T* const to = w.sums + p * kPanel<T> + column;
    sum.store(to);
    squares.store(to + w.stride);
    flat.store(to + 2 * w.stride);
    gradient.store(to + 3 * w.stride);
    first.store(to + 4 * w.stride);
  }
}

template <class T, class... A>
auto find_watch(List<A...>, int activation) {
  static constexpr void (*functions[])(const WatchedUnits<T>&, std::size_t) = {watch_panel<A, T>...};
  return functions[activation];
}

template <class T>
void watch_units(const WatchedUnits<T>& w, Range panels) {
  const auto watch = find_watch<T>(Activations{}, w.activation);
  for (std::size_t p = panels.begin; p < panels.end; ++p) watch(w, p);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
