// The sum of squares of a block of gradients, for clipping by norm, or of weights, for a penalty.
#pragma once

#include "update.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Adds the squares of the first vectors of each row.
template <std::size_t vectors, class T, class F>
FANIN_INLINE void add_squares(PanelLanes<T>& squares, const T* g, std::size_t rows, std::size_t stride,
                              F&& value) {
  for (std::size_t row = 0; row < rows; ++row, g += stride) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < vectors; ++i) {
      const Vec<T> x = value(Vec<T>::load(g + i * Vec<T>::width));
      squares.v[i] = fma(x, x, squares.v[i]);
    }
  }
}

// A chain of fused multiply-adds down each column; then columns are folded like other sums across columns.
// Values whose square would be denormal count as 0.
template <class T>
T square_sum(const T* g, std::size_t rows, std::size_t stride, std::size_t columns, const Limits<T>& limits) {
  constexpr std::size_t width = Vec<T>::width, vectors = kPanel<T> / width;
  PanelLanes<T> squares(0.0);
  const Vec<T> least(sizeof(T) == 4 ? 0x1p-60 : 0x1p-500);
  const auto normal = [&](Vec<T> x) { return select(abs(x) < least, Vec<T>(0.0), x); };
  const auto add = [&](auto&& value) {
    if (columns == kPanel<T>) return add_squares<vectors>(squares, g, rows, stride, value);
    if (columns == kPanel<T> / 2) return add_squares<vectors / 2>(squares, g, rows, stride, value);
    for (std::size_t row = 0; row < rows; ++row) {
      for_each<T>(columns, [&](std::size_t i, auto some) {
        const Vec<T> x = value(some.load(g + row * stride + i));
        squares.v[i / width] = fma(x, x, squares.v[i / width]);
      });
    }
  };
  if (changes_gradients(Around{}, limits)) {
    add([&](Vec<T> x) { return normal(limited(limits, x)); });
  } else {
    add(normal);
  }
  return squares.sum();
}

}  // namespace
}  // namespace fanin::FANIN_ISA
