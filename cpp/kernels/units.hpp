// Columns with squares that overflow, or vanish next to a similarly small epsilon, are processed again in
// units of their own: each value is first multiplied by a power of two, which changes no digit.
#pragma once

#include "for_each.hpp"
#include "panels.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Variances between its inverse and this are accurate without a unit.
template <class T>
inline constexpr T kLargeVariance = static_cast<T>(sizeof(T) == 4 ? 0x1p100 : 0x1p960);
// In this unit, or its inverse, 2^32 squares of the other columns neither overflow nor vanish.
template <class T>
inline constexpr T kUnit = static_cast<T>(sizeof(T) == 4 ? 0x1p84 : 0x1p560);

// Whether any of n columns has a unit other than 1
template <class T>
FANIN_INLINE bool any_units(const T* unit, std::size_t n) {
  auto ones = first_lanes<T>(Vec<T>::width);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> u = lanes.load(unit + j);
    ones &= (u == Vec<T>(1.0)) | (u == Vec<T>(0.0));  // 0 in lanes past the last column
  });
  return !all_lanes<T>(ones);
}

// The units of n columns of this variance, which is infinite or NaN if it has overflowed; s is the first row.
// Returns whether any is not 1. If a variance vanishes, s shows whether all rows are as small or the column
// is constant.
template <class T>
FANIN_INLINE bool find_units(T* unit, const T* variance, const T* s, T epsilon, std::size_t n) {
  constexpr T least = 1 / kLargeVariance<T>;
  const Vec<T> one(1.0);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> v = lanes.load(variance + j);
    Vec<T> u = select(v <= Vec<T>(kLargeVariance<T>), one, Vec<T>(1 / kUnit<T>));
    if (epsilon < least) {
      u = select((v < Vec<T>(least)) & (abs(lanes.load(s + j)) <= one), Vec<T>(kUnit<T>), u);
    }
    lanes.store(u, unit + j);
  });
  return any_units(static_cast<const T*>(unit), n);
}

// Rows of a panel times the units of their n columns
template <class T>
void take_units(T* out, const T* x, std::ptrdiff_t stride, std::size_t rows, const T* unit, std::size_t n) {
  for (std::size_t i = 0; i < rows; ++i, x += stride, out += kPanel<T>) {
    for_each<T>(n, [&](std::size_t j, auto lanes) {
      lanes.store(lanes.load(x + j) * lanes.load(unit + j), out + j);
    });
  }
}

// The unit of a vector of columns; 1, at no cost, for columns without units
template <bool in_units, class T, class L>
FANIN_INLINE Vec<T> unit_at(const T* unit, std::size_t j, L lanes) {
  if constexpr (in_units) return lanes.load(unit + j);
  return Vec<T>(1.0);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
