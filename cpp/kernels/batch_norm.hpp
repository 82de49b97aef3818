// Batch normalization, column by column (Ioffe and Szegedy 2015):
//
//   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
//
// All sums are relative to s, the first row: x - s is exact even if a column is far from zero, while its mean
// in float32 would be off by 0.03 at 1e6.
//
// Columns with squares that overflow are processed again, in units of their own (units.hpp).
#pragma once

#include "dense.hpp"
#include "moments.hpp"
#include "stream.hpp"
#include "table.hpp"
#include "units.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class T>
FANIN_INLINE Vec<T> inverse_deviation(Vec<T> variance, Vec<T> epsilon) {
  return Vec<T>(1.0) / sqrt(variance + epsilon);
}

// scale = gamma / sqrt(variance + epsilon), for n columns
template <class T>
void batch_norm_scale(T* scale, const T* gamma, const T* variance, T epsilon, std::size_t n) {
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    const Vec<T> inverse = inverse_deviation(lanes.load(variance + i), Vec<T>(epsilon));
    lanes.store(flush(lanes.load(gamma + i) * inverse), scale + i);
  });
}

// y = (x - centre) scale + added for a few columns at a time, with their constants in registers
template <class T>
void normalize_columns(const Normalization<T>& z, Range rows, Range columns) {
  for_each_columns<T>(columns, [&](std::size_t j, auto vectors, auto lanes) {
    constexpr int N = decltype(vectors)::count;
    Vec<T> centre[N], scale[N], added[N];
    load_vectors(centre, z.centre + j, lanes);
    load_vectors(scale, z.scale + j, lanes);
    load_vectors(added, z.added + j, lanes);
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      const T* const x = z.x + static_cast<std::ptrdiff_t>(row) * z.x_stride + j;
      T* const y = z.y + static_cast<std::ptrdiff_t>(row) * z.y_stride + j;
#pragma GCC unroll 16
      for (std::size_t v = 0; v < N; ++v) {
        const Vec<T> d = lanes.load(x + v * Vec<T>::width) - centre[v];
        lanes.store(flush(fma(d, scale[v], added[v])), y + v * Vec<T>::width);
      }
    }
  });
}

// The same row by row, which streams data that do not fit in L2. (Several rows at a time would compete for
// the same sets of L1.)
template <class T>
void normalize_rows(const Normalization<T>& z, Range rows, Range columns) {
  const T *const centre = z.centre + columns.begin, *const scale = z.scale + columns.begin,
                 *const added = z.added + columns.begin;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const T* const x = z.x + static_cast<std::ptrdiff_t>(row) * z.x_stride + columns.begin;
    T* const y = z.y + static_cast<std::ptrdiff_t>(row) * z.y_stride + columns.begin;
    write_each(y, columns.end - columns.begin, z.around_caches, [=](std::size_t j, auto lanes) {
      const Vec<T> d = lanes.load(x + j) - lanes.load(centre + j);
      return flush(fma(d, lanes.load(scale + j), lanes.load(added + j)));
    });
  }
  if (z.around_caches) finish_stores_around_caches();
}

// The same for columns with units
template <class T>
void normalize_in_units(const Normalization<T>& z, Range rows, Range columns) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const T* const x = z.x + static_cast<std::ptrdiff_t>(row) * z.x_stride + columns.begin;
    T* const y = z.y + static_cast<std::ptrdiff_t>(row) * z.y_stride + columns.begin;
    for_each<T>(columns.end - columns.begin, [&](std::size_t i, auto lanes) {
      const std::size_t j = columns.begin + i;
      const Vec<T> unit = lanes.load(z.unit + j),
                   d = lanes.load(x + i) * unit - lanes.load(z.centre + j) * unit;
      lanes.store(flush(fma(d, lanes.load(z.scale + j), lanes.load(z.added + j))), y + i);
    });
  }
}

template <class T>
void normalize(const Normalization<T>& z, Range rows, Range columns) {
  if (z.unit != nullptr && any_units(z.unit + columns.begin, columns.end - columns.begin)) {
    return normalize_in_units(z, rows, columns);
  }
  const bool held = held_by_l2<T>(rows.end - rows.begin, columns.end - columns.begin);
  if (kGoesDown<T, kVectorsSideBySide> && held) {
    normalize_columns(z, rows, columns);
  } else {
    normalize_rows(z, rows, columns);
  }
}

// From sums to results: variance, and y = (x - s) scale + added, both of x times the unit
template <bool in_units, class T>
FANIN_INLINE void finish_statistics(T* variance, T* scale, T* added, const T* offset, const T* gamma,
                                    const T* beta, T epsilon, const T* unit, std::size_t rows,
                                    std::size_t columns) {
  const Vec<T> n(static_cast<double>(rows));
  for_each<T>(columns, [&](std::size_t j, auto lanes) {
    const Vec<T> of_batch = lanes.load(variance + j) / n, u = unit_at<in_units>(unit, j, lanes);
    const Vec<T> inverse = inverse_deviation(of_batch, Vec<T>(epsilon) * u * u);
    const Vec<T> factor = flush(lanes.load(gamma + j) * inverse);
    lanes.store(flush(of_batch / u / u), variance + j);
    lanes.store(factor, scale + j);
    lanes.store(flush(fma(-lanes.load(offset + j), factor, lanes.load(beta + j))), added + j);
  });
}

// Rows begin at a multiple of 64.
template <class T>
void batch_norm_moments(const BatchNormForward<T>& b, Range rows, Range columns) {
  const std::size_t n = columns.end - columns.begin;
  for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end) {
    const std::size_t at = row / kRowBlock * b.columns + columns.begin;
    moments_of_columns(b.block_means + at, b.block_squares + at,
                       b.x + static_cast<std::ptrdiff_t>(row) * b.x_stride + columns.begin, b.x_stride,
                       end - row, n, distance_ahead<T>(b.x_stride, rows.end - rows.begin, n, end == rows.end),
                       wants_lines<T>(b.x_stride, rows.end - rows.begin, n));
  });
}

// For the columns of a panel, times their units if there are any: offset = mean of x - s, and squares = sum
// of (x - s - offset)^2
template <class T>
void statistics_of_panel(T* offset, T* squares, const T* x, std::ptrdiff_t stride, const T* unit,
                         std::size_t rows, std::size_t n) {
  alignas(64) T means[kPanel<T>], of_block[kPanel<T>], first[kPanel<T>], in_units[kRowBlock * kPanel<T>];
  const T* s = x;
  if (unit != nullptr) {
    take_units(first, x, stride, 1, unit, n);
    s = first;
  }
  for_each_group({0, rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const T* block = x + static_cast<std::ptrdiff_t>(row) * stride;
    std::ptrdiff_t step = stride;
    if (unit != nullptr) {
      take_units(in_units, block, stride, end - row, unit, n);
      block = in_units;
      step = kPanel<T>;
    }
    moments_of_columns(means, of_block, block, step, end - row, n,
                       distance_ahead<T>(step, rows, n, end == rows || unit != nullptr), false);
    merge_moments(offset, squares, row, s, block, static_cast<const T*>(means),
                  static_cast<const T*>(of_block), end - row, n);
  });
}

// Variance, scale, added and the offset of a panel of columns with units, and the mean unless it is null
template <class T>
void statistics_in_units(T* mean, T* offset, T* variance, T* scale, T* added, const T* x,
                         std::ptrdiff_t stride, const T* gamma, const T* beta, T epsilon, const T* unit,
                         std::size_t rows, std::size_t n) {
  statistics_of_panel(offset, variance, x, stride, unit, rows, n);
  finish_statistics<true>(variance, scale, added, static_cast<const T*>(offset), gamma, beta, epsilon, unit,
                          rows, n);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    const Vec<T> u = lanes.load(unit + j), o = lanes.load(offset + j);
    if (mean != nullptr) lanes.store(flush((lanes.load(x + j) * u + o) / u), mean + j);
    lanes.store(flush(o / u), offset + j);
  });
}

template <class T>
void batch_norm_statistics(const BatchNormForward<T>& b, Range columns) {
  const std::size_t n = columns.end - columns.begin, first = columns.begin;
  const T* const s = b.x + first;
  T *const offset = b.offset + first, *const variance = b.variance + first;
  for_each_group({0, b.rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
    const std::size_t at = row / kRowBlock * b.columns + first;
    merge_moments(offset, variance, row, s, s + static_cast<std::ptrdiff_t>(row) * b.x_stride,
                  b.block_means + at, b.block_squares + at, end - row, n);
  });
  finish_statistics<false, T>(variance, b.scale + first, b.added + first, offset, b.gamma + first,
                              b.beta + first, b.epsilon, nullptr, b.rows, n);
  for_each<T>(n, [&](std::size_t j, auto lanes) {
    lanes.store(flush(lanes.load(s + j) + lanes.load(offset + j)), b.mean + first + j);
  });
  for_each_group(columns, kPanel<T>, [&](std::size_t j, std::size_t end) {
    if (!find_units<T>(b.unit + j, b.variance + j, b.x + j, b.epsilon, end - j)) return;
    statistics_in_units<T>(b.mean + j, b.offset + j, b.variance + j, b.scale + j, b.added + j, b.x + j,
                           b.x_stride, b.gamma + j, b.beta + j, b.epsilon, b.unit + j, b.rows, end - j);
  });
}

// Batch norm and activation of a layer, panel by panel
template <class T>
void normalize_layer(const NormalizedLayer<T>& l, Range panels) {
  constexpr std::size_t P = kPanel<T>;
  const auto activate = find_activate<T>(Activations{}, l.activation);
  alignas(64) T scale[P], added[P], unit[P];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = l.u.width(p), rows = l.u.rows;
    const auto stride = static_cast<std::ptrdiff_t>(width);
    const T* const u = l.u.at(0, p);
    T *const offset = l.offset + p * P, *const variance = l.variance + p * P;
    const T *const gamma = l.gamma + p * P, *const beta = l.beta + p * P;
    statistics_of_panel<T>(offset, variance, u, stride, nullptr, rows, width);
    finish_statistics<false, T>(variance, scale, added, offset, gamma, beta, l.epsilon, nullptr, rows, width);
    const bool in_units = find_units<T>(unit, variance, u, l.epsilon, width);
    if (in_units) {
      statistics_in_units<T>(nullptr, offset, variance, scale, added, u, stride, gamma, beta, l.epsilon, unit,
                             rows, width);
    }
    const Normalization<T> z{l.a.at(0, p), stride, u, stride, u, scale, added, in_units ? unit : nullptr};
    for_each_group({0, rows}, kRowBlock, [&](std::size_t row, std::size_t end) {
      normalize(z, {row, end}, {0, width});
      activate(l.a.at(row, p), l.z.data != nullptr ? l.z.at(row, p) : nullptr, nullptr, end - row, width,
               l.a.used(p));
    });
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
