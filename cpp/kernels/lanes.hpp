// Sums and maxima across the columns of a row in one fixed order, whatever the width of a vector: panels in order, lane
// by lane of a panel; then the lanes are folded in halves, 32 (or 16) to 1.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class T>
struct PanelLanes {
  static constexpr int count = static_cast<int>(kPanel<T>) / Vec<T>::width;
  Vec<T> v[count];

  explicit FANIN_INLINE PanelLanes(double start) {
    for (int i = 0; i < count; ++i) v[i] = Vec<T>(start);
  }

  template <class F>
  FANIN_INLINE T fold(F&& f) const {
    alignas(64) T lane[kPanel<T>];
    for (int i = 0; i < count; ++i) v[i].store(lane + i * Vec<T>::width);
    for (std::size_t half = kPanel<T> / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) lane[i] = f(lane[i], lane[i + half]);
    }
    return lane[0];
  }
  FANIN_INLINE T sum() const {
    return fold([](T a, T b) { return a + b; });
  }
  FANIN_INLINE T largest() const {
    return fold([](T a, T b) { return a > b ? a : b; });
  }
};

// f(lane vector of the accumulator, pointer to the elements, mask of the columns that are not padding) along a row
template <class T, class U, class F>
FANIN_INLINE void for_each_in_row(const Panels<U>& m, std::size_t row, PanelLanes<T>& lanes, F&& f) {
  for (std::size_t p = 0; p < m.count(); ++p) {
    const int used = static_cast<int>(m.used(p)), width = static_cast<int>(m.width(p));
    for (int i = 0; i * Vec<T>::width < width; ++i) {
      const int column = i * Vec<T>::width;
      f(lanes.v[i], m.at(row, p) + column, first_lanes<T>(used - column));
    }
  }
}

// values[0] + ... + values[n - 1]
template <class T>
T sum(const T* values, std::size_t n) {
  PanelLanes<T> lanes(0.0);
  for (std::size_t begin = 0; begin < n; begin += kPanel<T>) {
    const std::size_t count = n - begin < kPanel<T> ? n - begin : kPanel<T>;
    for_each<T>(count, [&](std::size_t i, auto some) {
      Vec<T>& lane = lanes.v[i / static_cast<std::size_t>(Vec<T>::width)];
      lane = lane + some.load(values + begin + i);
    });
  }
  return lanes.sum();
}

}  // namespace
}  // namespace fanin::FANIN_ISA
