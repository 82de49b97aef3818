// Batch normalization, column by column (Ioffe and Szegedy 2015):
//
//   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
//   dbeta = sum of dy,  dgamma = sum of dy xn,  xn = (x - mean) / sqrt(variance + epsilon)
//   dx = gamma / sqrt(variance + epsilon) (dy - dbeta / rows - xn dgamma / rows)
//
// Everything is reckoned from s, the first row: x - s is exact where a column lies far from zero, while its
// mean in float32 would be off by 0.03 at 1e6. A block of 64 rows is gone through twice, for the mean of x -
// s and for the squares around it; blocks are merged in order by the formula of Chan, Golub and LeVeque 1979.
#pragma once

#include "dense.hpp"
#include "for_each.hpp"
#include "table.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <int N>
struct Vectors {
  static constexpr int count = N;
};

// f(column, number of vectors, lanes) for vectors side by side, as many as keep an adder busy
template <class T, class F>
FANIN_INLINE void for_each_columns(Range columns, F&& f) {
  constexpr std::size_t width = Vec<T>::width;
  constexpr int of_panel = kVectorsOfPanel<T>;
  std::size_t j = columns.begin;
  for (; j + 2 * kPanel<T> <= columns.end; j += 2 * kPanel<T>) f(j, Vectors<2 * of_panel>{}, AllLanes{});
  for (; j + kPanel<T> <= columns.end; j += kPanel<T>) f(j, Vectors<of_panel>{}, AllLanes{});
  for (; j + width <= columns.end; j += width) f(j, Vectors<1>{}, AllLanes{});
  if (j < columns.end) f(j, Vectors<1>{}, FirstLanes{static_cast<int>(columns.end - j)});
}

// The mean of x - s and the sum of (x - s - mean)^2 of some rows, s being the first of them
template <class T, int N>
struct Moments {
  Vec<T> mean[N], squares[N];
};

// The differences x - s are kept in L1 for the second pass: rows of x may lie where they push each other out.
template <int N, class T, class L>
FANIN_INLINE Moments<T, N> moments_of_block(const T* x, std::ptrdiff_t stride, std::size_t rows, L lanes) {
  constexpr std::size_t width = Vec<T>::width;
  alignas(64) T differences[kRowBlock * N * width];
  Vec<T> s[N];
  Moments<T, N> m;
#pragma GCC unroll 16
  for (int v = 0; v < N; ++v) {
    s[v] = lanes.load(x + v * width);
    m.mean[v] = m.squares[v] = Vec<T>(0.0);
  }
  T* d = differences;
  for (std::size_t i = 0; i < rows; ++i, x += stride, d += N * width) {
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      // the second pass takes its time: bring what comes next to the right
      if (v * sizeof(Vec<T>) % 64 == 0) __builtin_prefetch(x + (N + v) * width);
      const Vec<T> difference = lanes.load(x + v * width) - s[v];
      difference.store(d + v * width);
      m.mean[v] = m.mean[v] + difference;
    }
  }
  const Vec<T> n(static_cast<double>(rows));
#pragma GCC unroll 16
  for (int v = 0; v < N; ++v) m.mean[v] = m.mean[v] / n;
  d = differences;
  for (std::size_t i = 0; i < rows; ++i, d += N * width) {
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      const Vec<T> difference = Vec<T>::load(d + v * width) - m.mean[v];
      m.squares[v] = fma(difference, difference, m.squares[v]);
    }
  }
  return m;
}

// n rows, and a block of `count` more whose first row lies `apart` from the first of all
template <class T>
FANIN_INLINE void merge(Vec<T>& mean, Vec<T>& squares, std::size_t n, Vec<T> apart, Vec<T> block_mean,
                        Vec<T> block_squares, std::size_t count) {
  const double share = static_cast<double>(count) / static_cast<double>(n + count);
  const Vec<T> difference = (apart + block_mean) - mean;
  mean = fma(difference, Vec<T>(share), mean);
  squares = squares + fma(difference * difference, Vec<T>(static_cast<double>(n) * share), block_squares);
}

template <class T>
FANIN_INLINE Vec<T> inverse_deviation(Vec<T> variance, T epsilon) {
  return Vec<T>(1.0) / sqrt(variance + Vec<T>(epsilon));
}

// scale = gamma / sqrt(variance + epsilon), for n columns
template <class T>
void batch_norm_scale(T* scale, const T* gamma, const T* variance, T epsilon, std::size_t n) {
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    lanes.store(flush(lanes.load(gamma + i) * inverse_deviation(lanes.load(variance + i), epsilon)),
                scale + i);
  });
}

// y = (x - centre) scale + added
template <std::size_t Rows, class T>
FANIN_INLINE void normalize_some(const Normalization<T>& z, std::size_t row, Range columns) {
  const T* x = z.x + static_cast<std::ptrdiff_t>(row) * z.x_stride + columns.begin;
  T* y = z.y + static_cast<std::ptrdiff_t>(row) * z.y_stride + columns.begin;
  const std::size_t first = columns.begin;
  for_each<T>(columns.end - columns.begin, [&](std::size_t i, auto lanes) {
    const Vec<T> centre = lanes.load(z.centre + first + i), scale = lanes.load(z.scale + first + i),
                 added = lanes.load(z.added + first + i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      const auto step = static_cast<std::ptrdiff_t>(r);
      const Vec<T> d = lanes.load(x + step * z.x_stride + i) - centre;
      lanes.store(flush(fma(d, scale, added)), y + step * z.y_stride + i);
    }
  });
}

template <class T>
void normalize(const Normalization<T>& z, Range rows, Range columns) {
  std::size_t row = rows.begin;
  for (; row + 4 <= rows.end; row += 4) normalize_some<4>(z, row, columns);
  for (; row < rows.end; ++row) normalize_some<1>(z, row, columns);
}

// From sums to what is wanted: variance, and y = (x - s) scale + added
template <class T>
FANIN_INLINE void finish_statistics(T* variance, T* scale, T* added, const T* offset, const T* gamma,
                                    const T* beta, T epsilon, std::size_t rows, std::size_t columns) {
  const Vec<T> n(static_cast<double>(rows));
  for_each<T>(columns, [&](std::size_t j, auto lanes) {
    const Vec<T> of_batch = lanes.load(variance + j) / n;
    const Vec<T> by = flush(lanes.load(gamma + j) * inverse_deviation(of_batch, epsilon));
    lanes.store(flush(of_batch), variance + j);
    lanes.store(by, scale + j);
    lanes.store(flush(fma(-lanes.load(offset + j), by, lanes.load(beta + j))), added + j);
  });
}

// memory: 2 numbers a column
template <class T>
void batch_norm(const BatchNorm<T>& b, Range columns, T* memory) {
  constexpr std::size_t width = Vec<T>::width;
  const std::size_t n = columns.end - columns.begin;
  T *const offset = b.offset + columns.begin, *const variance = b.variance + columns.begin;
  T *const scale = memory, *const added = memory + n;
  const T* const s = b.x + columns.begin;
  for_each_group({0, b.rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const T* const x = s + static_cast<std::ptrdiff_t>(row) * b.x_stride;
    for_each_columns<T>({0, n}, [&](std::size_t j, auto vectors, auto lanes) {
      constexpr int N = decltype(vectors)::count;
      const Moments<T, N> m = moments_of_block<N>(x + j, b.x_stride, end - row, lanes);
      for (int v = 0; v < N; ++v) {
        const std::size_t at = j + static_cast<std::size_t>(v) * width;
        Vec<T> mean = row > 0 ? lanes.load(offset + at) : Vec<T>(0.0);
        Vec<T> squares = row > 0 ? lanes.load(variance + at) : Vec<T>(0.0);
        merge(mean, squares, row, lanes.load(x + at) - lanes.load(s + at), m.mean[v], m.squares[v],
              end - row);
        lanes.store(mean, offset + at);
        lanes.store(squares, variance + at);
      }
    });
  });
  finish_statistics(variance, scale, added, offset, b.gamma + columns.begin, b.beta + columns.begin,
                    b.epsilon, b.rows, n);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    lanes.store(flush(lanes.load(s + j) + lanes.load(offset + j)), b.mean + columns.begin + j);
  });
  normalize(Normalization<T>{b.y + columns.begin, b.y_stride, s, b.x_stride, s, scale, added}, {0, b.rows},
            {0, n});
}

// The sums of dy and of dy (x - s - offset) over a block of rows
template <class T, int N>
struct GradientSums {
  Vec<T> dy[N], product[N];
};

template <int N, class T, class L>
FANIN_INLINE GradientSums<T, N> gradient_sums_of_block(const T* dy, std::ptrdiff_t dy_stride, const T* x,
                                                       std::ptrdiff_t x_stride, std::size_t rows, const T* s,
                                                       const T* offset, L lanes) {
  constexpr std::size_t width = Vec<T>::width;
  Vec<T> first[N], mean[N];
  GradientSums<T, N> sums;
#pragma GCC unroll 16
  for (int v = 0; v < N; ++v) {
    first[v] = lanes.load(s + v * width);
    mean[v] = lanes.load(offset + v * width);
    sums.dy[v] = sums.product[v] = Vec<T>(0.0);
  }
  for (std::size_t i = 0; i < rows; ++i, x += x_stride, dy += dy_stride) {
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      if (v * sizeof(Vec<T>) % 64 == 0) {
        __builtin_prefetch(x + (N + v) * width);
        __builtin_prefetch(dy + (N + v) * width);
      }
      const Vec<T> g = lanes.load(dy + v * width);
      sums.dy[v] = sums.dy[v] + g;
      sums.product[v] = fma(g, (lanes.load(x + v * width) - first[v]) - mean[v], sums.product[v]);
    }
  }
  return sums;
}

// From sums to gradients, and to dx = dy scale + (x - s) slope + added
template <class T>
FANIN_INLINE void finish_gradient_sums(T* dgamma, T* scale, T* slope, T* added, const T* dbeta,
                                       const T* product, const T* offset, const T* variance, const T* gamma,
                                       T epsilon, std::size_t rows, std::size_t columns) {
  const Vec<T> n(static_cast<double>(rows));
  for_each<T>(columns, [&](std::size_t j, auto lanes) {
    const Vec<T> inverse = inverse_deviation(lanes.load(variance + j), epsilon);
    const Vec<T> of_gamma = lanes.load(product + j) * inverse;
    const Vec<T> by = lanes.load(gamma + j) * inverse;
    const Vec<T> down = -(by * inverse * of_gamma / n);
    lanes.store(flush(of_gamma), dgamma + j);
    lanes.store(by, scale + j);
    lanes.store(down, slope + j);
    lanes.store(-fma(by, lanes.load(dbeta + j) / n, down * lanes.load(offset + j)), added + j);
  });
}

// dx = dy scale + (x - s) slope + added
template <class T>
struct InputOfNorm {
  T* dx;
  std::ptrdiff_t dx_stride;
  const T* dy;
  std::ptrdiff_t dy_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  const T *s, *scale, *slope, *added;
};

template <std::size_t Rows, class T>
FANIN_INLINE void input_of_norm_some(const InputOfNorm<T>& g, std::size_t row, std::size_t columns) {
  const auto first = static_cast<std::ptrdiff_t>(row);
  const T *x = g.x + first * g.x_stride, *dy = g.dy + first * g.dy_stride;
  T* dx = g.dx + first * g.dx_stride;
  for_each<T>(columns, [&](std::size_t j, auto lanes) {
    const Vec<T> s = lanes.load(g.s + j), scale = lanes.load(g.scale + j), slope = lanes.load(g.slope + j),
                 added = lanes.load(g.added + j);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      const auto step = static_cast<std::ptrdiff_t>(r);
      const Vec<T> d = lanes.load(x + step * g.x_stride + j) - s;
      const Vec<T> of_dy = fma(lanes.load(dy + step * g.dy_stride + j), scale, added);
      lanes.store(flush(fma(d, slope, of_dy)), dx + step * g.dx_stride + j);
    }
  });
}

template <class T>
void input_of_norm(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  std::size_t row = rows.begin;
  for (; row + 4 <= rows.end; row += 4) input_of_norm_some<4>(g, row, columns);
  for (; row < rows.end; ++row) input_of_norm_some<1>(g, row, columns);
}

// memory: 4 numbers a column
template <class T>
void batch_norm_backward(const BatchNormGradient<T>& b, Range columns, T* memory) {
  constexpr std::size_t width = Vec<T>::width;
  const std::size_t n = columns.end - columns.begin, first = columns.begin;
  T *const product = memory, *const scale = memory + n, *const slope = scale + n, *const added = slope + n;
  T* const dbeta = b.dbeta + first;
  const T* const s = b.x + first;
  for_each_group({0, b.rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const T* const x = s + static_cast<std::ptrdiff_t>(row) * b.x_stride;
    const T* const dy = b.dy + static_cast<std::ptrdiff_t>(row) * b.dy_stride + first;
    for_each_columns<T>({0, n}, [&](std::size_t j, auto vectors, auto lanes) {
      constexpr int N = decltype(vectors)::count;
      const GradientSums<T, N> sums = gradient_sums_of_block<N>(
          dy + j, b.dy_stride, x + j, b.x_stride, end - row, s + j, b.offset + first + j, lanes);
      for (int v = 0; v < N; ++v) {
        const std::size_t at = j + static_cast<std::size_t>(v) * width;
        lanes.store(row > 0 ? lanes.load(dbeta + at) + sums.dy[v] : sums.dy[v], dbeta + at);
        lanes.store(row > 0 ? lanes.load(product + at) + sums.product[v] : sums.product[v], product + at);
      }
    });
  });
  finish_gradient_sums(b.dgamma + first, scale, slope, added, dbeta, product, b.offset + first,
                       b.variance + first, b.gamma + first, b.epsilon, b.rows, n);
  input_of_norm(InputOfNorm<T>{b.dx + first, b.dx_stride, b.dy + first, b.dy_stride, s, b.x_stride, s, scale,
                               slope, added},
                {0, b.rows}, n);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
