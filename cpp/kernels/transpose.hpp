// Transposes of blocks between panels, through registers.
#pragma once

#include "simd.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <int D, class T, int... I>
FANIN_INLINE void exchange_lanes(Vec<T>& upper, Vec<T>& lower, Integers<I...>) {
  constexpr int width = sizeof...(I);
  const Vec<T> u = upper, l = lower;
  upper = shuffle<((I & D) != 0 ? I - D + width : I)...>(u, l);
  lower = shuffle<((I & D) != 0 ? I + width : I + D)...>(u, l);
}

// Rows i and i + D exchange the off-diagonal lanes of their 2 x 2 blocks of D lanes each.
template <int D, class T>
FANIN_INLINE void exchange(Vec<T>& upper, Vec<T>& lower) {
  exchange_lanes<D>(upper, lower, FirstIntegers<Vec<T>::width>{});
}

// One stage for each power of two below the width: afterwards lane j of row i is lane i of row j (Eklundh
// 1972).
template <int D, class T>
FANIN_INLINE void exchange_stages(Vec<T> (&rows)[Vec<T>::width]) {
  if constexpr (D < Vec<T>::width) {
#pragma GCC unroll 16
    for (int i = 0; i < Vec<T>::width; ++i) {
      if ((i & D) == 0) exchange<D>(rows[i], rows[i + D]);
    }
    exchange_stages<D * 2>(rows);
  }
}

// out[j][i] = in[i][j] for i < columns, j < rows of `out`. Rows of `in` from in_rows on count as zeros; both
// strides are multiples of the vector, and all lanes up to the rounded-up size are read and written.
template <class T>
void transpose(T* out, std::size_t out_step, std::size_t out_rows, const T* in, std::size_t in_step,
               std::size_t in_rows, std::size_t columns) {
  constexpr std::size_t width = Vec<T>::width;
  for (std::size_t j = 0; j < out_rows; j += width) {
    for (std::size_t i = 0; i < columns; i += width) {
      Vec<T> v[width];
#pragma GCC unroll 16
      for (std::size_t r = 0; r < width; ++r) {
        v[r] = i + r < in_rows ? Vec<T>::load(in + (i + r) * in_step + j) : Vec<T>(0.0);
      }
      exchange_stages<1>(v);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < width; ++r) {
        if (j + r < out_rows) v[r].store(out + (j + r) * out_step + i);
      }
    }
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
