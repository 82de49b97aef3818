// The matmul micro-kernel, and blocks of up to 64 rows made of its tiles.
//
//   out[i][j] (+)= sum over k of left(i, k) right(k, j)
//
// A tile holds MR x NV accumulators in registers; each step of the depth loads NV vectors of the right
// operand and broadcasts MR elements of the left one. Three products use it, with different left(i, k):
//   forward          left = x panels, rows are samples
//   input gradient   left = w panels, rows are inputs, right = transposed dz
//   weight gradient  left = x panels read down the batch, rows are inputs, depth is samples
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Accumulators take at most 28 of 32 registers (AVX-512), 12 of 16 (AVX2) and 24 of 32 (NEON); vectors of the
// right operand and a broadcast take the rest.
#if defined(FANIN_ISA_AVX512)
inline constexpr int kTileVectors = 2, kMaxTileRows = 14;
#elif defined(FANIN_ISA_AVX2)
inline constexpr int kTileVectors = 2, kMaxTileRows = 6;
#else
inline constexpr int kTileVectors = 4, kMaxTileRows = 6;
#endif

// A tile of few rows is wider, across panels: a multiply-add takes about four cycles, and one or two start in
// each, so that fewer than eight chains would leave the processor waiting.
#if defined(FANIN_ISA_AVX512)
inline constexpr int kMaxWideRows = 6;
constexpr int wide_vectors(int rows) { return rows <= 3 ? 8 : 4; }
#elif defined(FANIN_ISA_AVX2)
inline constexpr int kMaxWideRows = 3;
constexpr int wide_vectors(int rows) { return rows == 1 ? 8 : 4; }
#else
inline constexpr int kMaxWideRows = 3;
constexpr int wide_vectors(int) { return 8; }
#endif

template <class T>
inline constexpr int kVectorsOfPanel = static_cast<int>(kPanel<T>) / Vec<T>::width;
template <class T>
inline constexpr int kVectorsOfPanel<const T> = kVectorsOfPanel<T>;

// Rows of an operand or a result, vector by vector: rows are `row` elements apart, panels `panel`.
template <class T>
struct Strip {
  T* data;
  std::size_t row, panel;

  FANIN_INLINE T* vector(std::size_t i, int j) const {
    constexpr int in_panel = kVectorsOfPanel<T>, width = static_cast<int>(kPanel<T>) / in_panel;
    return data + i * row + static_cast<std::size_t>(j / in_panel) * panel +
           static_cast<std::size_t>(j % in_panel * width);
  }
};

template <class T>
FANIN_INLINE Strip<T> strip_of(const Panels<T>& m, std::size_t row, std::size_t panel) {
  return {m.at(row, panel), m.width(panel), m.rows * kPanel<T>};
}

// Left operand across panels: row i, depth k is element (first_row + i, k) of a panel matrix.
template <class T>
struct AcrossPanels {
  static constexpr int max_tile_rows = kMaxTileRows;

  Panels<const T> matrix;
  std::size_t first_row;

  template <int MR, int NV>
  FANIN_INLINE void accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth,
                               Strip<const T> right) const;
};

// Left operand down the rows of one panel: row i, depth k is at data[k * step + i].
template <class T>
struct DownRows {
  static constexpr int max_tile_rows = kMaxTileRows < 8 ? kMaxTileRows : 8;

  const T* data;
  std::size_t step;

  template <int MR, int NV>
  FANIN_INLINE void accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth,
                               Strip<const T> right) const;
};

template <int RowStride, class T, int MR, int NV>
FANIN_INLINE void multiply_add(Vec<T> (&acc)[MR][NV], const T* left, std::size_t left_step,
                               Strip<const T> right, std::size_t depth) {
  for (std::size_t k = 0; k < depth; ++k, left += left_step, right.data += right.row) {
    Vec<T> r[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) r[j] = Vec<T>::load(right.vector(0, j));
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const Vec<T> l(left[i * RowStride]);
#pragma GCC unroll 8
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
                                              Strip<const T> right) const {
  constexpr std::size_t P = kPanel<T>;
  for (std::size_t k = depth.begin; k < depth.end; k += P) {
    const std::size_t n = depth.end - k < P ? depth.end - k : P;
    const T* left = matrix.at(first_row + row, k / P);
    // the rows of the next panel are far away, where no hardware prefetcher looks
    if (k + P < depth.end) prefetch_rows<MR>(left + matrix.rows * P, P);
    if (matrix.width(k / P) == P) {
      multiply_add<P>(acc, left, 1, right, n);
    } else {
      multiply_add<P / 2>(acc, left, 1, right, n);
    }
    right.data += n * right.row;
  }
}

template <class T>
template <int MR, int NV>
FANIN_INLINE void DownRows<T>::accumulate(Vec<T> (&acc)[MR][NV], std::size_t row, Range depth,
                                          Strip<const T> right) const {
  multiply_add<1>(acc, data + depth.begin * step + row, step, right, depth.end - depth.begin);
}

// MR rows x NV vectors of `out`; `right` begins at depth.begin
template <int MR, int NV, class T, class Left>
__attribute__((noinline)) void tile(const Left& left, std::size_t row, Range depth, Strip<const T> right,
                                    Strip<T> out, bool add) {
  Vec<T> acc[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) acc[i][j] = Vec<T>(0.0);
  left.template accumulate<MR, NV>(acc, row, depth, right);
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) {
      T* p = out.vector(static_cast<std::size_t>(i), j);
      (add ? Vec<T>::load(p) + acc[i][j] : acc[i][j]).store(p);
    }
}

// The tile of this height, searched from the highest down
template <int NV, int MR, class T, class Left>
FANIN_INLINE void tile_of_height(std::size_t height, const Left& left, std::size_t row, Range depth,
                                 Strip<const T> right, Strip<T> out, bool add) {
  if (MR == 1 || height == MR) {
    tile<MR, NV>(left, row, depth, right, out, add);
  } else if constexpr (MR > 1) {
    tile_of_height<NV, MR - 1>(height, left, row, depth, right, out, add);
  }
}

template <int NV, class T, class Left>
FANIN_INLINE void column_of_tiles(const Left& left, std::size_t rows, Range depth, Strip<const T> right,
                                  Strip<T> out, bool add) {
  constexpr std::size_t highest = Left::max_tile_rows;
  const std::size_t tiles = (rows + highest - 1) / highest;
  std::size_t row = 0;
  for (std::size_t t = 0; t < tiles; ++t) {  // an even split: 64 = 13 + 13 + 13 + 13 + 12
    const std::size_t height = (rows - row + tiles - t - 1) / (tiles - t);
    tile_of_height<NV, Left::max_tile_rows>(height, left, row, depth, right,
                                            Strip<T>{out.data + row * out.row, out.row, out.panel}, add);
    row += height;
  }
}

// `depth` of the product of at most 64 `rows` and one panel, `width` wide; `right` begins at depth.begin
template <class T, class Left>
void product_block(const Left& left, std::size_t rows, Range depth, Strip<const T> right, std::size_t width,
                   Strip<T> out, bool add) {
  constexpr std::size_t tile_width = kTileVectors * Vec<T>::width;
  if (width < tile_width) {
    column_of_tiles<kTileVectors / 2>(left, rows, depth, right, out, add);
    return;
  }
  for (std::size_t column = 0; column < width; column += tile_width) {
    column_of_tiles<kTileVectors>(left, rows, depth, {right.data + column, right.row, right.panel},
                                  Strip<T>{out.data + column, out.row, out.panel}, add);
  }
}

// Returns how many of `panels` were done by wide tiles of MR rows
template <int MR, class T, class Left>
FANIN_INLINE std::size_t wide_tiles(std::size_t rows, const Left& left, Range depth, Strip<const T> right,
                                    std::size_t panels, Strip<T> out, bool add) {
  if constexpr (MR > 1) {
    if (rows < MR) return wide_tiles<MR - 1>(rows, left, depth, right, panels, out, add);
  }
  constexpr int vectors = wide_vectors(MR), in_panel = kVectorsOfPanel<T>;
  if constexpr (vectors < in_panel) {
    return 0;
  } else {
    std::size_t p = 0;
    const auto tiles_of = [&]<int NV>() {
      constexpr std::size_t in_tile = NV / in_panel;
      for (; p + in_tile <= panels; p += in_tile) {
        tile<MR, NV>(left, 0, depth, {right.data + p * right.panel, right.row, right.panel},
                     Strip<T>{out.data + p * out.panel, out.row, out.panel}, add);
      }
    };
    tiles_of.template operator()<vectors>();
    // two remaining panels still have twice the chains of one
    if constexpr (MR == 1 && vectors == 4 * in_panel) tiles_of.template operator()<vectors / 2>();
    return p;
  }
}

// The same for `panels` whole panels
template <class T, class Left>
void product_panels(const Left& left, std::size_t rows, Range depth, Strip<const T> right, std::size_t panels,
                    Strip<T> out, bool add) {
  std::size_t p =
      rows <= kMaxWideRows ? wide_tiles<kMaxWideRows>(rows, left, depth, right, panels, out, add) : 0;
  for (; p < panels; ++p) {
    product_block(left, rows, depth, {right.data + p * right.panel, right.row, right.panel}, kPanel<T>,
                  Strip<T>{out.data + p * out.panel, out.row, out.panel}, add);
  }
}

// A chunk of the depth of at most 64 `rows`, starting at `row`, of some panels of out = left right
template <class T, class Left>
void product_of_panels(const Left& left, std::size_t rows, Range chunk, const Panels<const T>& right,
                       const Panels<T>& out, Range panels, std::size_t row, bool onto = false) {
  const bool half = panels.end > panels.begin && out.width(panels.end - 1) < kPanel<T>;
  const std::size_t end = panels.end - (half ? 1 : 0), begin = panels.begin;
  const bool add = onto || chunk.begin > 0;
  if (begin < end) {
    product_panels(left, rows, chunk, strip_of(right, chunk.begin, begin), end - begin,
                   strip_of(out, row, begin), add);
  }
  if (half) {
    product_block(left, rows, chunk, strip_of(right, chunk.begin, end), kPanel<T> / 2,
                  strip_of(out, row, end), add);
  }
}

// f(begin, end) for groups of at most `size`
template <class F>
FANIN_INLINE void for_each_group(Range all, std::size_t size, F&& f) {
  for (std::size_t begin = all.begin; begin < all.end; begin += size) {
    f(begin, all.end - begin < size ? all.end : begin + size);
  }
}

// f(chunk) for each chunk of the depth, in order; a single empty one if there is no depth
template <class F>
FANIN_INLINE void for_each_chunk(std::size_t depth, std::size_t size, F&& f) {
  std::size_t k = 0;
  do {
    f(Range{k, depth - k < size ? depth : k + size});
    k += size;
  } while (k < depth);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
