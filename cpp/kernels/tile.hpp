// The one matmul micro-kernel, and a block of 64 rows of one panel made of its tiles.
//
//   out[i][j] (+)= sum over k of left(i, k) right(k, j)
//
// A tile keeps MR x NV accumulators in registers; each step of the depth loads NV vectors of the right
// operand and broadcasts MR elements of the left one. Three products use it and differ in where left(i, k)
// lies:
//   forward          left = x panels, rows are samples
//   input gradient   left = w panels, rows are inputs, right = transposed dz
//   weight gradient  left = x panels read down the batch, rows are inputs, depth is samples
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Accumulators are at most 28 of 32 registers (AVX-512), 12 of 16 (AVX2) and 24 of 32 (NEON); vectors of the
// right operand and a broadcast take the rest.
#if defined(FANIN_ISA_AVX512)
inline constexpr int kTileVectors = 2, kMaxTileRows = 14;
#elif defined(FANIN_ISA_AVX2)
inline constexpr int kTileVectors = 2, kMaxTileRows = 6;
#else
inline constexpr int kTileVectors = 4, kMaxTileRows = 6;
#endif

// Left operand across panels: row i, depth k is element (first_row + i, k) of a panel matrix.
template <class T>
struct AcrossPanels {
  static constexpr int max_tile_rows = kMaxTileRows;

  Panels<const T> matrix;
  std::size_t first_row;

  template <int MR, int NV>
  FANIN_INLINE void accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth, const T* right,
                               std::size_t right_step) const;
};

// Left operand down the rows of one panel: row i, depth k is at data[k * step + i].
template <class T>
struct DownRows {
  static constexpr int max_tile_rows = kMaxTileRows < 8 ? kMaxTileRows : 8;

  const T* data;
  std::size_t step;

  template <int MR, int NV>
  FANIN_INLINE void accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth, const T* right,
                               std::size_t right_step) const;
};

template <int RowStride, class T, int MR, int NV>
FANIN_INLINE void multiply_add(Vec<T> (&acc)[MR][NV], const T* left, std::size_t left_step, const T* right,
                               std::size_t right_step, std::size_t depth) {
  for (std::size_t k = 0; k < depth; ++k, left += left_step, right += right_step) {
    Vec<T> r[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) r[j] = Vec<T>::load(right + j * Vec<T>::width);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const Vec<T> l(left[i * RowStride]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) acc[i][j] = fma(l, r[j], acc[i][j]);
    }
  }
}

template <int MR, class T>
FANIN_INLINE void prefetch_rows(const T* first, std::size_t row_stride) {
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
    __builtin_prefetch(first + static_cast<std::size_t>(i) * row_stride);
    __builtin_prefetch(first + static_cast<std::size_t>(i) * row_stride + row_stride / 2);
  }
}

template <class T>
template <int MR, int NV>
FANIN_INLINE void AcrossPanels<T>::accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth,
                                              const T* right, std::size_t right_step) const {
  constexpr std::size_t P = kPanel<T>;
  for (std::size_t k = depth.begin; k < depth.end; k += P) {
    const std::size_t n = depth.end - k < P ? depth.end - k : P;
    const T* left = matrix.at(first_row + row, k / P);
    // the rows of the next panel lie far away, where no hardware prefetcher looks
    if (k + P < depth.end) prefetch_rows<MR>(left + matrix.rows * P, P);
    if (matrix.width(k / P) == P) {
      multiply_add<P>(acc, left, 1, right, right_step, n);
    } else {
      multiply_add<P / 2>(acc, left, 1, right, right_step, n);
    }
    right += n * right_step;
  }
}

template <class T>
template <int MR, int NV>
FANIN_INLINE void DownRows<T>::accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth, const T* right,
                                          std::size_t right_step) const {
  multiply_add<1>(acc, data + depth.begin * step + row, step, right, right_step, depth.end - depth.begin);
}

// rows x width elements of `out`, whose rows are `width` apart; `right` begins at depth.begin
template <int MR, int NV, class T, class Left>
__attribute__((noinline)) void tile(const Left& left, std::size_t row, Range depth, const T* right,
                                    std::size_t width, T* out, bool add) {
  Vec<T> acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[i][j] = Vec<T>(0.0);
  left.template accumulate<MR, NV>(acc, row, depth, right, width);
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      T* p = out + static_cast<std::size_t>(i) * width + j * Vec<T>::width;
      (add ? Vec<T>::load(p) + acc[i][j] : acc[i][j]).store(p);
    }
}

// the tile of this height, looked for from the highest down
template <int NV, int MR, class T, class Left>
FANIN_INLINE void tile_of_height(std::size_t height, const Left& left, std::size_t row, Range depth,
                                 const T* right, std::size_t width, T* out, bool add) {
  if (MR == 1 || height == MR) {
    tile<MR, NV>(left, row, depth, right, width, out, add);
  } else if constexpr (MR > 1) {
    tile_of_height<NV, MR - 1>(height, left, row, depth, right, width, out, add);
  }
}

template <int NV, class T, class Left>
FANIN_INLINE void column_of_tiles(const Left& left, std::size_t rows, Range depth, const T* right,
                                  std::size_t width, T* out) {
  constexpr std::size_t highest = Left::max_tile_rows;
  const std::size_t tiles = (rows + highest - 1) / highest;
  std::size_t row = 0;
  for (std::size_t t = 0; t < tiles; ++t) {  // an even split: 64 = 13 + 13 + 13 + 13 + 12
    const std::size_t height = (rows - row + tiles - t - 1) / (tiles - t);
    tile_of_height<NV, Left::max_tile_rows>(height, left, row, depth, right, width, out + row * width,
                                            depth.begin > 0);
    row += height;
  }
}

// A chunk of the depth of `rows` (at most 64) rows of one panel of the product, to a block whose rows are
// `width` apart: the first chunk begins it, later ones are added. `right` is the panel's depth 0.
template <class T, class Left>
void product_block(const Left& left, std::size_t rows, Range chunk, const T* right, std::size_t width,
                   T* out) {
  constexpr std::size_t tile_width = kTileVectors * Vec<T>::width;
  right += chunk.begin * width;
  if (width < tile_width) {
    column_of_tiles<kTileVectors / 2>(left, rows, chunk, right, width, out);
    return;
  }
  for (std::size_t column = 0; column < width; column += tile_width) {
    column_of_tiles<kTileVectors>(left, rows, chunk, right + column, width, out + column);
  }
}

// f(chunk) for each chunk of the depth, in order
template <class T, class F>
FANIN_INLINE void for_each_chunk(std::size_t depth, F&& f) {
  for (std::size_t k = 0; k < depth; k += kDepth<T>)
    f(Range{k, depth - k < kDepth<T> ? depth : k + kDepth<T>});
}

}  // namespace
}  // namespace fanin::FANIN_ISA
