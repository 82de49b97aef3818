// The gradients of batch normalization (Ioffe and Szegedy 2015):
//
//   dbeta = sum of dy,  dgamma = sum of dy xn,  xn = (x - mean) / sqrt(variance + epsilon)
//   dx = gamma / sqrt(variance + epsilon) (dy - dbeta / rows - xn dgamma / rows)
//
// Sums over a block of 64 rows are added in order; s is the first row, as in batch_norm.hpp.
#pragma once

#include "batch_norm.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

// The sums of dy and of dy (x - s - offset) over a block of rows
template <class T, int N>
struct GradientSums {
  Vec<T> dy[N], product[N];
};

template <int N, class T, class L>
FANIN_INLINE GradientSums<T, N> gradient_sums_of_block(const T* dy, std::ptrdiff_t dy_stride, const T* x,
                                                       std::ptrdiff_t x_stride, std::size_t rows, const T* s,
                                                       const T* offset, std::ptrdiff_t dy_ahead,
                                                       std::ptrdiff_t x_ahead, L lanes) {
  constexpr std::size_t width = Vec<T>::width;
  Vec<T> first[N], mean[N], sum[N], product[N];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) {
    first[v] = lanes.load(s + v * width);
    mean[v] = lanes.load(offset + v * width);
    sum[v] = product[v] = Vec<T>(0.0);
  }
  for (std::size_t i = 0; i < rows; ++i, x += x_stride, dy += dy_stride) {
    if (x_ahead != 0) {
      ask_for_vectors<N>(x + x_ahead);
      ask_for_vectors<N>(dy + dy_ahead);
    }
#pragma GCC unroll 16
    for (std::size_t v = 0; v < N; ++v) {
      const Vec<T> g = lanes.load(dy + v * width);
      sum[v] = sum[v] + g;
      product[v] = fma(g, (lanes.load(x + v * width) - first[v]) - mean[v], product[v]);
    }
  }
  GradientSums<T, N> sums;
#pragma GCC unroll 16
  for (std::size_t v = 0; v < N; ++v) {
    sums.dy[v] = sum[v];
    sums.product[v] = product[v];
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
    const Vec<T> of_dy = lanes.load(gamma + j) * inverse;
    const Vec<T> of_x = -(of_dy * inverse * of_gamma / n);
    lanes.store(flush(of_gamma), dgamma + j);
    lanes.store(of_dy, scale + j);
    lanes.store(of_x, slope + j);
    lanes.store(-fma(of_dy, lanes.load(dbeta + j) / n, of_x * lanes.load(offset + j)), added + j);
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
  bool around_caches = false;
};

// as many as leave registers for four numbers of each column
inline constexpr int kVectorsOfInput = kVectorsSideBySide / 2;

// a few columns at a time, as in normalize_columns
template <class T>
void input_of_columns(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  for_each_columns<T, kVectorsOfInput>({0, columns}, [&](std::size_t j, auto vectors, auto lanes) {
    constexpr int N = decltype(vectors)::count;
    Vec<T> s[N], scale[N], slope[N], added[N];
    load_vectors(s, g.s + j, lanes);
    load_vectors(scale, g.scale + j, lanes);
    load_vectors(slope, g.slope + j, lanes);
    load_vectors(added, g.added + j, lanes);
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      const auto i = static_cast<std::ptrdiff_t>(row);
      const T *const x = g.x + i * g.x_stride + j, *const dy = g.dy + i * g.dy_stride + j;
      T* const dx = g.dx + i * g.dx_stride + j;
#pragma GCC unroll 16
      for (std::size_t v = 0; v < N; ++v) {
        const Vec<T> d = lanes.load(x + v * Vec<T>::width) - s[v];
        const Vec<T> of_dy = fma(lanes.load(dy + v * Vec<T>::width), scale[v], added[v]);
        lanes.store(flush(fma(d, slope[v], of_dy)), dx + v * Vec<T>::width);
      }
    }
  });
}

template <class T>
void input_of_rows(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  const T *const s = g.s, *const scale = g.scale, *const slope = g.slope, *const added = g.added;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    const T *const x = g.x + i * g.x_stride, *const dy = g.dy + i * g.dy_stride;
    T* const dx = g.dx + i * g.dx_stride;
    write_each(dx, columns, g.around_caches, [=](std::size_t j, auto lanes) {
      const Vec<T> d = lanes.load(x + j) - lanes.load(s + j);
      const Vec<T> of_dy = fma(lanes.load(dy + j), lanes.load(scale + j), lanes.load(added + j));
      return flush(fma(d, lanes.load(slope + j), of_dy));
    });
  }
  if (g.around_caches) finish_stores_around_caches();
}

template <class T>
void input_of_norm(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  if (kGoesDown<T, kVectorsOfInput> && held_by_l2<T>(rows.end - rows.begin, columns)) {
    input_of_columns(g, rows, columns);
  } else {
    input_of_rows(g, rows, columns);
  }
}

// The sums of one block of rows, of n columns
template <class T>
FANIN_INLINE void sums_of_columns(T* of_dy, T* products, const T* dy, std::ptrdiff_t dy_stride, const T* x,
                                  std::ptrdiff_t x_stride, std::size_t rows, const T* s, const T* offset,
                                  std::size_t n, std::ptrdiff_t dy_ahead, std::ptrdiff_t x_ahead,
                                  bool from_line) {
  for_each_columns_from(x, n, from_line, [&](std::size_t j, auto vectors, auto lanes) {
    constexpr int N = decltype(vectors)::count;
    const GradientSums<T, N> sums = gradient_sums_of_block<N>(dy + j, dy_stride, x + j, x_stride, rows, s + j,
                                                              offset + j, dy_ahead, x_ahead, lanes);
    for (std::size_t v = 0; v < N; ++v) {
      lanes.store(sums.dy[v], of_dy + j + v * Vec<T>::width);
      lanes.store(sums.product[v], products + j + v * Vec<T>::width);
    }
  });
}

// total = first, or total + another one
template <class T>
FANIN_INLINE void add_sums(T* total, bool first, const T* of_block, std::size_t n) {
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> sum = lanes.load(of_block + j);
    lanes.store(first ? sum : lanes.load(total + j) + sum, total + j);
  });
}

// rows begin at a multiple of 64
template <class T>
void batch_norm_sums(const BatchNormGradient<T>& b, Range rows, Range columns) {
  const std::size_t n = columns.end - columns.begin, first = columns.begin;
  for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end) {
    const std::size_t at = row / kRowBlock * b.columns + first;
    const auto i = static_cast<std::ptrdiff_t>(row);
    const auto ahead = [&](std::ptrdiff_t stride) {
      return distance_ahead<T>(stride, rows.end - rows.begin, n, end == rows.end);
    };
    sums_of_columns(b.block_dy + at, b.block_products + at, b.dy + i * b.dy_stride + first, b.dy_stride,
                    b.x + i * b.x_stride + first, b.x_stride, end - row, b.x + first, b.offset + first, n,
                    ahead(b.dy_stride), ahead(b.x_stride),
                    wants_lines<T>(b.x_stride, rows.end - rows.begin, n));
  });
}

template <class T>
void batch_norm_gradients(const BatchNormGradient<T>& b, Range columns) {
  const std::size_t n = columns.end - columns.begin, first = columns.begin;
  T *const dbeta = b.dbeta + first, *const product = b.product + first;
  for_each_group({0, b.rows}, kRowBlock, [&](std::size_t row, std::size_t) {
    const std::size_t at = row / kRowBlock * b.columns + first;
    add_sums(dbeta, row == 0, static_cast<const T*>(b.block_dy + at), n);
    add_sums(product, row == 0, static_cast<const T*>(b.block_products + at), n);
  });
  finish_gradient_sums(b.dgamma + first, b.scale + first, b.slope + first, b.added + first,
                       static_cast<const T*>(dbeta), static_cast<const T*>(product), b.offset + first,
                       b.variance + first, b.gamma + first, b.epsilon, b.rows, n);
}

template <class T>
void batch_norm_input(const BatchNormGradient<T>& b, Range rows, Range columns) {
  const std::size_t first = columns.begin;
  const InputOfNorm<T> to{b.dx + first,    b.dx_stride,     b.dy + first,   b.dy_stride,
                          b.x + first,     b.x_stride,      b.x + first,    b.scale + first,
                          b.slope + first, b.added + first, b.around_caches};
  input_of_norm(to, rows, columns.end - first);
}

// Of the columns of a panel: dbeta = sum of dy, product = sum of dy (x - s - offset)
template <class T>
void gradient_sums_of_panel(T* dbeta, T* product, const T* dy, const T* x, std::ptrdiff_t stride,
                            const T* offset, std::size_t rows, std::size_t n) {
  alignas(64) T of_dy[kPanel<T>], products[kPanel<T>];
  for_each_group({0, rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * stride,
                         ahead = distance_ahead<T>(stride, rows, n, end == rows);
    sums_of_columns(of_dy, products, dy + at, stride, x + at, stride, end - row, x, offset, n, ahead, ahead,
                    false);
    add_sums(dbeta, row == 0, static_cast<const T*>(of_dy), n);
    add_sums(product, row == 0, static_cast<const T*>(products), n);
  });
}

// The gradient through the batch norm of a layer, panel by panel and in place; rows are turned over into
// whole panels of samples
template <class T>
void normalize_layer_backward(const NormalizedGradient<T>& g, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T product[P], scale[P], slope[P], added[P];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = g.u.width(p), rows = g.u.rows;
    const auto stride = static_cast<std::ptrdiff_t>(width);
    const T* const u = g.u.at(0, p);
    T *const dz = g.dz.at(0, p), *const dbeta = g.dbeta + p * P;
    gradient_sums_of_panel(dbeta, product, static_cast<const T*>(dz), u, stride, g.offset + p * P, rows,
                           width);
    finish_gradient_sums(g.dgamma + p * P, scale, slope, added, static_cast<const T*>(dbeta),
                         static_cast<const T*>(product), g.offset + p * P, g.variance + p * P,
                         g.gamma + p * P, g.epsilon, rows, width);
    const InputOfNorm<T> to{dz, stride, dz, stride, u, stride, u, scale, slope, added};
    for_each_group({0, rows}, P, [&](std::size_t row, std::size_t end) {
      input_of_norm(to, {row, end}, width);
      if (g.dz_transposed.data == nullptr) return;
      const std::size_t samples = g.dz_transposed.width(row / P);
      transpose(g.dz_transposed.at(p * P, row / P), samples, g.dz.used(p), g.dz.at(row, p), width, end - row,
                samples);
    });
  }
}

// From the gradient with respect to what a free-standing batch norm sees to the one with respect to the
// products of the layer before it, panel by panel
template <class T>
void pass_gradient(const PassedGradient<T>& g, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  const auto differentiate = find_differentiate<T>(Activations{}, g.activation);
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = g.dz.width(p), rows = g.dz.rows;
    for_each_group({0, rows}, P, [&](std::size_t row, std::size_t end) {
      T* const dz = g.dz.at(row, p);
      __builtin_memcpy(dz, g.dy.at(row, p), (end - row) * width * sizeof(T));
      keep_rows(dz, g.kept, g.kept.at(row, p, rows), end - row, width);
      differentiate(dz, g.z.data != nullptr ? g.z.at(row, p) : nullptr, g.a.at(row, p), (end - row) * width);
      if (g.dz_transposed.data == nullptr) return;
      const std::size_t samples = g.dz_transposed.width(row / P);
      transpose(g.dz_transposed.at(p * P, row / P), samples, g.dz.used(p), static_cast<const T*>(dz), width,
                end - row, samples);
    });
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
