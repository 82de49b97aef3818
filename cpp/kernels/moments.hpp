// Means and sums of squares of columns, by blocks of 64 rows, merged in order by the formula of Chan, Golub
// and LeVeque 1979.
//
// A block is read once (a second pass, around its mean, would take half as long again). The sums of
// d = x - c and of d^2 give the squares around the mean, sum d^2 - (sum d)^2 / 64 (shifted data: Chan, Golub
// and LeVeque 1983). Because c is the mean of the block's first 8 rows, the subtracted term is at most 7 / 8
// of sum d^2, wherever the rows lie.
#pragma once

#include "for_each.hpp"
#include "table.hpp"
#include "tile.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <int N>
struct Vectors {
  static constexpr int count = N;
};

// Columns are summed in as many vectors as leave registers for the other values each sum needs.
#if defined(FANIN_ISA_AVX512) || defined(FANIN_ISA_NEON)
inline constexpr int kVectorsSideBySide = 8;
#else
inline constexpr int kVectorsSideBySide = 4;
#endif

// f(column, number of vectors, lanes) for adjacent vectors, N at a time and then fewer
template <class T, int N = kVectorsSideBySide, class F>
FANIN_INLINE void for_each_columns(Range columns, F&& f) {
  constexpr std::size_t width = Vec<T>::width;
  std::size_t j = columns.begin;
  for (; j + N * width <= columns.end; j += N * width) f(j, Vectors<N>{}, AllLanes{});
  if constexpr (N > 1) {
    for_each_columns<T, N / 2>({j, columns.end}, f);
  } else if (j < columns.end) {
    f(j, Vectors<1>{}, FirstLanes{static_cast<int>(columns.end - j)});
  }
}

// The same for n columns of rows that begin at p; with from_line, columns before the first whole vector of
// memory come first
template <class T, class F>
FANIN_INLINE void for_each_columns_from(const T* p, std::size_t n, bool from_line, F&& f) {
  std::size_t before = from_line ? before_vector(p) : 0;
  if (before > n) before = n;
  if (before > 0) f(std::size_t{0}, Vectors<1>{}, FirstLanes{static_cast<int>(before)});
  for_each_columns<T>({before, n}, f);
}

// Whether some rows of one matrix fit in L2, together with those of another
template <class T>
FANIN_INLINE bool held_by_l2(std::size_t rows, std::size_t columns) {
  return rows * columns * sizeof(T) <= std::size_t{1} << 19;
}

// Whether it pays to process a few columns separately so that the others are in whole vectors
template <class T>
FANIN_INLINE bool wants_lines(std::ptrdiff_t stride, std::size_t rows, std::size_t columns) {
  return stride % Vec<T>::width == 0 && !held_by_l2<T>(rows, columns);
}

// Whether N vectors of each row, four lines, are enough to go down the rows rather than along them
template <class T, int N>
inline constexpr bool kGoesDown = N * sizeof(Vec<T>) >= 256;

// How far ahead the sums over a block of rows prefetch the next block: not at all if all rows fit in L2,
// because a prefetch takes as long as a load.
template <class T>
FANIN_INLINE std::ptrdiff_t distance_ahead(std::ptrdiff_t stride, std::size_t rows, std::size_t columns,
                                           bool last) {
  return last || held_by_l2<T>(rows, columns) ? 0 : static_cast<std::ptrdiff_t>(kRowBlock) * stride;
}

template <int N, class T>
FANIN_INLINE void ask_for_vectors(const T* p) {
  constexpr int step = 64 > sizeof(Vec<T>) ? 64 / sizeof(Vec<T>) : 1;
#pragma GCC unroll 16
  for (int v = 0; v < N; v += step) __builtin_prefetch(p + v * Vec<T>::width, 0, 2);
}

template <int N, class T, class L>
FANIN_INLINE void load_vectors(Vec<T> (&to)[N], const T* from, L lanes) {
#pragma GCC unroll 16
  for (int v = 0; v < N; ++v) to[v] = lanes.load(from + v * Vec<T>::width);
}

// The mean of the first rows of each column, around which all rows are summed
template <int N, class T, class L>
FANIN_INLINE void centre_of_block(Vec<T> (&centre)[N], const T* x, std::ptrdiff_t stride, std::size_t rows,
                                  L lanes) {
  constexpr std::size_t most = 8;
  const std::size_t count = rows < most ? rows : most;
  const Vec<T> n(static_cast<double>(count));
  Vec<T> first[N], sum[N];
  load_vectors(first, x, lanes);
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) sum[v] = Vec<T>(0.0);
  for (std::size_t i = 0; i < count; ++i, x += stride) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < N; ++v) sum[v] = sum[v] + (lanes.load(x + v * Vec<T>::width) - first[v]);
  }
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) centre[v] = first[v] + sum[v] / n;
}

// The mean of x - s and the sum of (x - s - mean)^2 over some rows; s is the first row
template <class T, int N>
struct Moments {
  Vec<T> mean[N], squares[N];
};

template <int N, class T, class L>
FANIN_INLINE Moments<T, N> moments_of_block(const T* x, std::ptrdiff_t stride, std::size_t rows,
                                            std::ptrdiff_t ahead, L lanes) {
  Vec<T> centre[N], sum[N], squares[N];
  centre_of_block(centre, x, stride, rows, lanes);
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) sum[v] = squares[v] = Vec<T>(0.0);
  const T* row = x;
  for (std::size_t i = 0; i < rows; ++i, row += stride) {
    if (ahead != 0) ask_for_vectors<N>(row + ahead);
#pragma GCC unroll 16
    for (std::size_t v = 0; v < N; ++v) {
      const Vec<T> d = lanes.load(row + v * Vec<T>::width) - centre[v];
      sum[v] = sum[v] + d;
      squares[v] = fma(d, d, squares[v]);
    }
  }
  const Vec<T> n(static_cast<double>(rows));
  Moments<T, N> m;
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) {
    const Vec<T> mean = sum[v] / n;
    m.mean[v] = (centre[v] - lanes.load(x + v * Vec<T>::width)) + mean;
    // if squares underflow, their sum may be less than the subtracted term
    m.squares[v] = max(Vec<T>(0.0), fma(-mean, sum[v], squares[v]));
  }
  return m;
}

// The moments of one block of rows, of n columns
template <class T>
FANIN_INLINE void moments_of_columns(T* means, T* squares, const T* x, std::ptrdiff_t stride,
                                     std::size_t rows, std::size_t n, std::ptrdiff_t ahead, bool from_line) {
  for_each_columns_from(x, n, from_line, [&](std::size_t j, auto vectors, auto lanes) {
    constexpr int N = decltype(vectors)::count;
    const Moments<T, N> m = moments_of_block<N>(x + j, stride, rows, ahead, lanes);
    for (std::size_t v = 0; v < N; ++v) {
      lanes.store(m.mean[v], means + j + v * Vec<T>::width);
      lanes.store(m.squares[v], squares + j + v * Vec<T>::width);
    }
  });
}

// Merges `row` rows so far with a block of `count` more: offset = mean of x - s, squares = sum of
// (x - s - offset)^2
template <class T>
FANIN_INLINE void merge_moments(T* offset, T* squares, std::size_t row, const T* s, const T* block,
                                const T* block_means, const T* block_squares, std::size_t count,
                                std::size_t n) {
  const double share = static_cast<double>(count) / static_cast<double>(row + count);
  const Vec<T> of_mean(share), of_squares(static_cast<double>(row) * share);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> so_far = row > 0 ? lanes.load(offset + j) : Vec<T>(0.0);
    const Vec<T> sum = row > 0 ? lanes.load(squares + j) : Vec<T>(0.0);
    const Vec<T> shift = lanes.load(block + j) - lanes.load(s + j);
    const Vec<T> difference = (shift + lanes.load(block_means + j)) - so_far;
    lanes.store(fma(difference, of_mean, so_far), offset + j);
    lanes.store(sum + fma(difference * difference, of_squares, lanes.load(block_squares + j)), squares + j);
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
