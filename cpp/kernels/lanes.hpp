// Sums and maxima across the columns of a row in one fixed order, whatever the vector width: panels in order,
// each lane of a panel separately; then the lanes are folded in halves, from 32 (or 16) to 1.
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
    Vec<T> half[count];
    for (int i = 0; i < count; ++i) half[i] = v[i];
#pragma GCC unroll 8
    for (int n = count / 2; n > 0; n /= 2) {
#pragma GCC unroll 8
      for (int i = 0; i < n; ++i) half[i] = f(half[i], half[i + n]);
    }
    return fold_vector<Vec<T>::width / 2>(half[0], f);
  }
  FANIN_INLINE T sum() const {
    return fold([](Vec<T> a, Vec<T> b) { return a + b; });
  }
  FANIN_INLINE T largest() const {
    return fold([](Vec<T> a, Vec<T> b) { return max(a, b); });
  }

 private:
  template <int Half, class F>
  static FANIN_INLINE T fold_vector(Vec<T> a, F&& f) {
    if constexpr (Half == 0) {
      return a.v[0];
    } else {
      return fold_vector<Half / 2>(f(a, lanes_from<Half>(a, FirstIntegers<Vec<T>::width>{})), f);
    }
  }
};

// f(panel, column in the panel, index of the vector in the panel, mask of the columns that are not padding)
// for each vector of a row
template <class T, class F>
FANIN_INLINE void for_each_vector(const Panels<const T>& m, F&& f) {
  constexpr std::size_t lanes = Vec<T>::width;
  for (std::size_t p = 0; p < m.count(); ++p) {
    const int used = static_cast<int>(m.used(p));
    for (std::size_t column = 0; column < m.width(p); column += lanes) {
      f(p, column, column / lanes, first_lanes<T>(used - static_cast<int>(column)));
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
