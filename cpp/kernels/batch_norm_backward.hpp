// The gradients of batch normalization (Ioffe and Szegedy 2015):
//
//   dbeta = sum of dy,  dgamma = sum of dy xn,  xn = (x - mean) / sqrt(variance + epsilon)
//   dx = gamma / sqrt(variance + epsilon) (dy - dbeta / rows - xn dgamma / rows)
//
// Sums over blocks of 64 rows are added in order; s is the first row, as in batch_norm.hpp.
#pragma once

#include "batch_norm.hpp"
#include "batch_norm_input.hpp"
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

// From sums to gradients, and to dx = dy scale + (x - s) slope + added, all of x times the unit
template <bool in_units, class T>
FANIN_INLINE void finish_gradient_sums(T* dgamma, T* scale, T* slope, T* added, const T* dbeta,
                                       const T* product, const T* offset, const T* variance, const T* gamma,
                                       T epsilon, const T* unit, std::size_t rows, std::size_t columns) {
  const Vec<T> n(static_cast<double>(rows));
  for_each<T>(columns, [&](std::size_t j, auto lanes) {
    const Vec<T> u = unit_at<in_units>(unit, j, lanes);
    const Vec<T> inverse = inverse_deviation(lanes.load(variance + j), Vec<T>(epsilon) * u * u);
    const Vec<T> of_gamma = lanes.load(product + j) * inverse;
    const Vec<T> of_dy = lanes.load(gamma + j) * inverse;
    const Vec<T> of_x = -(of_dy * inverse * of_gamma / n);
    lanes.store(flush(of_gamma), dgamma + j);
    lanes.store(of_dy, scale + j);
    lanes.store(of_x, slope + j);
    lanes.store(-fma(of_dy, lanes.load(dbeta + j) / n, of_x * lanes.load(offset + j)), added + j);
  });
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

// total = of_block if it is the first, otherwise total + of_block
template <class T>
FANIN_INLINE void add_sums(T* total, bool first, const T* of_block, std::size_t n) {
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> sum = lanes.load(of_block + j);
    lanes.store(first ? sum : lanes.load(total + j) + sum, total + j);
  });
}

// Rows begin at a multiple of 64.
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

// For the columns of a panel, x times their units if there are any: dbeta = sum of dy, product = sum of
// dy (x - s - offset)
template <class T>
void gradient_sums_of_panel(T* dbeta, T* product, const T* dy, std::ptrdiff_t dy_stride, const T* x,
                            std::ptrdiff_t x_stride, const T* offset, const T* unit, std::size_t rows,
                            std::size_t n) {
  alignas(64) T of_dy[kPanel<T>], products[kPanel<T>], first[kPanel<T>], in_units[kRowBlock * kPanel<T>];
  const T* s = x;
  if (unit != nullptr) {
    take_units(first, x, x_stride, 1, unit, n);
    s = first;
  }
  for_each_group({0, rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    const T* block = x + i * x_stride;
    std::ptrdiff_t step = x_stride;
    if (unit != nullptr) {
      take_units(in_units, block, x_stride, end - row, unit, n);
      block = in_units;
      step = kPanel<T>;
    }
    const auto ahead = [&](std::ptrdiff_t stride) {
      return distance_ahead<T>(stride, rows, n, end == rows || unit != nullptr);
    };
    sums_of_columns(of_dy, products, dy + i * dy_stride, dy_stride, block, step, end - row, s, offset, n,
                    ahead(dy_stride), ahead(step), false);
    add_sums(dbeta, row == 0, static_cast<const T*>(of_dy), n);
    add_sums(product, row == 0, static_cast<const T*>(products), n);
  });
}

// The whole gradient of a panel of columns with units
template <class T>
void gradient_in_units(T* dgamma, T* dbeta, T* product, T* scale, T* slope, T* added, const T* dy,
                       std::ptrdiff_t dy_stride, const T* x, std::ptrdiff_t x_stride, const T* gamma,
                       T epsilon, const T* unit, std::size_t rows, std::size_t n) {
  alignas(64) T offset[kPanel<T>], variance[kPanel<T>];
  const Vec<T> count(static_cast<double>(rows));
  statistics_of_panel(offset, variance, x, x_stride, unit, rows, n);
  for_each<T>(
      n, [&](std::size_t j, auto lanes) { lanes.store(lanes.load(variance + j) / count, variance + j); });
  gradient_sums_of_panel<T>(dbeta, product, dy, dy_stride, x, x_stride, offset, unit, rows, n);
  finish_gradient_sums<true, T>(dgamma, scale, slope, added, dbeta, product, offset, variance, gamma, epsilon,
                                unit, rows, n);
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
  finish_gradient_sums<false, T>(b.dgamma + first, b.scale + first, b.slope + first, b.added + first, dbeta,
                                 product, b.offset + first, b.variance + first, b.gamma + first, b.epsilon,
                                 nullptr, b.rows, n);
  for_each_group(columns, kPanel<T>, [&](std::size_t j, std::size_t end) {
    if (!find_units<T>(b.unit + j, b.variance + j, b.x + j, b.epsilon, end - j)) return;
    gradient_in_units<T>(b.dgamma + j, b.dbeta + j, b.product + j, b.scale + j, b.slope + j, b.added + j,
                         b.dy + j, b.dy_stride, b.x + j, b.x_stride, b.gamma + j, b.epsilon, b.unit + j,
                         b.rows, end - j);
  });
}

template <class T>
void batch_norm_input(const BatchNormGradient<T>& b, Range rows, Range columns) {
  const std::size_t first = columns.begin;
  const InputOfNorm<T> to{b.dx + first,    b.dx_stride,     b.dy + first,   b.dy_stride,
                          b.x + first,     b.x_stride,      b.x + first,    b.scale + first,
                          b.slope + first, b.added + first, b.unit + first, b.around_caches};
  input_of_norm(to, rows, columns.end - first);
}

// The gradient through the batch norm of a layer, panel by panel and in place; rows are transposed into whole
// panels of samples
template <class T>
void normalize_layer_backward(const NormalizedGradient<T>& g, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T product[P], scale[P], slope[P], added[P], unit[P];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = g.u.width(p), rows = g.u.rows;
    const auto stride = static_cast<std::ptrdiff_t>(width);
    const T* const u = g.u.at(0, p);
    T *const dz = g.dz.at(0, p), *const dgamma = g.dgamma + p * P, *const dbeta = g.dbeta + p * P;
    const T *const offset = g.offset + p * P, *const variance = g.variance + p * P,
                   *const gamma = g.gamma + p * P;
    const bool in_units = find_units<T>(unit, variance, u, g.epsilon, width);
    if (in_units) {
      gradient_in_units<T>(dgamma, dbeta, product, scale, slope, added, dz, stride, u, stride, gamma,
                           g.epsilon, unit, rows, width);
    } else {
      gradient_sums_of_panel<T>(dbeta, product, dz, stride, u, stride, offset, nullptr, rows, width);
      finish_gradient_sums<false, T>(dgamma, scale, slope, added, dbeta, product, offset, variance, gamma,
                                     g.epsilon, nullptr, rows, width);
    }
    const InputOfNorm<T> to{
        dz, stride, dz, stride, u, stride, u, scale, slope, added, in_units ? unit : nullptr};
    for_each_group({0, rows}, P, [&](std::size_t row, std::size_t end) {
      input_of_norm(to, {row, end}, width);
      transpose_rows<T>(g, row, end - row, p);
    });
  }
}

// From the gradient with respect to the input of a batch-norm layer to that with respect to the products of
// the preceding layer, panel by panel
template <class T>
void pass_gradient(const PassedGradient<T>& g, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = g.dz.width(p), rows = g.dz.rows;
    for_each_group({0, rows}, P, [&](std::size_t row, std::size_t end) {
      T* const dz = g.dz.at(row, p);
      __builtin_memcpy(dz, g.dy.at(row, p), (end - row) * width * sizeof(T));
      mask_rows(dz, g.mask, g.mask.at(row, p, rows), end - row, width);
      differentiate_rows<T>(g, dz, row, end - row, p);
    });
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
