// Copies a user's matrix of any number type into panels.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/floating_point.hpp"
#include "base/registry.hpp"
#include "data/coded_rows.hpp"
#include "data/numbers.hpp"
#include "data/sparse_rows.hpp"
#include "fanin/views.hpp"

namespace fanin {

// Row i of the panels is row order[first + i] of the matrix, or row first + i without an order, through the
// map of an input layer if there is one. Indicators are left 0.
template <class T, class S>
void gather_columns(const MatrixView<const S>& from, const Panels<T>& out, const std::uint32_t* order,
                    std::size_t first, Range rows, const ColumnMap& map) {
  const Gather<T, S> g{out, from.data, from.row_stride, from.column_stride, order, first, map};
  if constexpr (std::is_same_v<S, float>) {
    kernels<T>().gather_float(g, rows);
  } else {
    kernels<T>().gather_double(g, rows);
  }
}

// Other types pass through a buffer of type S on the stack, a few rows of whole panels at a time.
template <class S, class T, class Matrix>
void gather_through(const Matrix& from, const Panels<T>& out, const std::uint32_t* order, std::size_t first,
                    Range rows, const ColumnMap& map) {
  constexpr std::size_t most_columns = 512;
  S buffer[4 * most_columns];
  for (std::size_t column = 0; column < out.columns; column += most_columns) {
    const std::size_t count = std::min(most_columns, out.columns - column),
                      of_x = column < from.columns ? std::min(count, from.columns - column) : 0;
    const std::size_t most_rows = std::size(buffer) / count;
    const Panels<T> panels{out.at(0, column / kPanel<T>), out.rows, count};
    for (std::size_t begin = rows.begin; begin < rows.end; begin += most_rows) {
      const std::size_t end = std::min(begin + most_rows, rows.end);
      for (std::size_t i = begin; i < end; ++i) {
        convert_row(buffer + (i - begin) * of_x, from, order != nullptr ? order[first + i] : first + i,
                    {column, column + of_x});
      }
      // row `begin` of the panels is row 0 of the buffer
      const std::size_t offset = std::size_t{0} - begin;
      gather_columns(row_major<const S>(buffer, end - begin, of_x), panels, nullptr, offset, {begin, end},
                     map.from(column));
    }
  }
}
template <class T>
void gather_columns(const NumberMatrix& from, const Panels<T>& out, const std::uint32_t* order,
                    std::size_t first, Range rows, const ColumnMap& map) {
  map.kind == ColumnMap::Kind::none ? gather_through<T>(from, out, order, first, rows, map)
                                    : gather_through<double>(from, out, order, first, rows, map);
}
template <class T>
void gather_columns(const SparseRows& from, const Panels<T>& out, const std::uint32_t* order,
                    std::size_t first, Range rows, const ColumnMap& map) {
  if (map.kind != ColumnMap::Kind::none) {
    return gather_through<double>(from, out, order, first, rows, map);
  }
  for (std::size_t p = 0; p < out.count(); ++p) {
    std::fill_n(out.at(rows.begin, p), (rows.end - rows.begin) * out.width(p), T{0});
  }
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    for_each_value<T>(from, order != nullptr ? order[first + i] : first + i, [&](std::size_t j, T value) {
      T& sum = out.at(i, j / kPanel<T>)[j % kPanel<T>];
      sum = without_denormals(sum + value);
    });
  }
}

template <class T>
void gather_columns(const CodedRows& from, const Panels<T>& out, const std::uint32_t* order,
                    std::size_t first, Range rows, const ColumnMap& map) {
  if (map.kind != ColumnMap::Kind::none) {
    return gather_through<double>(from, out, order, first, rows, map);
  }
  const std::size_t dense = from.dense_columns;
  for (std::size_t p = 0; p < out.count(); ++p) {
    std::fill_n(out.at(rows.begin, p), (rows.end - rows.begin) * out.width(p), T{0});
  }
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const std::size_t row = order != nullptr ? order[first + i] : first + i;
    const auto set = [&](std::size_t j, T value) {
      out.at(i, j / kPanel<T>)[j % kPanel<T>] = without_denormals(value);
    };
    for (std::size_t j = 0; j < dense; ++j) set(j, static_cast<T>(from.dense[row * dense + j]));
    for_each_code(from, row, [&](std::size_t j, float code, float centre) {
      set(j, static_cast<T>(code) - static_cast<T>(centre));
    });
  }
}

template <class T, class Matrix>
void gather_matrix(const Matrix& from, const Panels<T>& out, const std::uint32_t* order, std::size_t first,
                   Range rows, const ColumnMap& map = {}) {
  gather_columns(from, out, order, first, rows, map);
  for (std::size_t i = rows.begin; map.indicator_count > 0 && i < rows.end; ++i) {
    const std::size_t row = order != nullptr ? order[first + i] : first + i;
    for (std::size_t k = 0; k < map.indicator_count; ++k) {
      const std::size_t j = map.columns + k;
      const bool missing = std::isnan(value_at(from, row, map.indicators[k]));
      out.at(i, j / kPanel<T>)[j % kPanel<T>] = missing ? T{1} : T{0};
    }
  }
}

template <class T>
void gather_samples(const Samples& from, const Panels<T>& out, const std::uint32_t* order, std::size_t first,
                    Range rows, const ColumnMap& map = {}) {
  std::visit([&](const auto& matrix) { gather_matrix(matrix, out, order, first, rows, map); }, from);
}

// Prefetches the beginning of a row; the hardware prefetches the rest of a long one.
inline void ask_for(const void* row, std::size_t bytes) {
  constexpr std::size_t line = 64, most_bytes = 16 * line;
  const char* const from = static_cast<const char*>(row);
  bytes = std::min(bytes, most_bytes);
  for (std::size_t byte = 0; byte < bytes; byte += line) __builtin_prefetch(from + byte, 0, 2);
  __builtin_prefetch(from + bytes - 1, 0, 2);
  asm volatile("");  // gcc 12 drops calls of a function that only prefetches
}

// Prefetches rows that will be gathered later: those of a shuffled batch are scattered, and loading them
// takes as long as a step of a small network. Strides are in bytes.
inline void ask_for_rows(const void* data, std::ptrdiff_t row_stride, std::ptrdiff_t column_stride,
                         std::size_t columns, const std::uint32_t* rows, std::size_t count) {
  constexpr std::ptrdiff_t widest_element = 8;
  if (column_stride <= 0 || column_stride > widest_element) return;  // elements of a row are not contiguous
  for (std::size_t i = 0; i < count; ++i) {
    ask_for(static_cast<const char*>(data) + static_cast<std::ptrdiff_t>(rows[i]) * row_stride,
            columns * static_cast<std::size_t>(column_stride));
  }
}

template <class S>
void ask_for_rows(const MatrixView<const S>& from, const std::uint32_t* rows, std::size_t count) {
  constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(S));
  ask_for_rows(from.data, from.row_stride * size, from.column_stride * size, from.columns, rows, count);
}

inline void ask_for_rows(const NumberMatrix& from, const std::uint32_t* rows, std::size_t count) {
  ask_for_rows(from.data, from.row_stride, from.column_stride, from.columns, rows, count);
}

inline void ask_for_rows(const SparseRows& from, const std::uint32_t* rows, std::size_t count) {
  const auto stride = static_cast<std::size_t>(from.values.column_stride);
  std::visit(
      [&](const auto& columns, const auto& row_starts) {
        for (std::size_t i = 0; i < count; ++i) {
          const Range of_row = elements_of_row(row_starts, rows[i], columns.size());
          const std::size_t n = of_row.end - of_row.begin;
          if (n == 0) continue;
          ask_for(columns.data() + of_row.begin, n * sizeof(columns[0]));
          ask_for(from.values.data + of_row.begin * stride, n * stride);
        }
      },
      from.column_numbers, from.row_starts);
}

inline void ask_for_rows(const CodedRows& from, const std::uint32_t* rows, std::size_t count) {
  const std::size_t dense = from.dense_columns, coded = from.coded.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (dense > 0) ask_for(from.dense.data() + rows[i] * dense, dense * sizeof(float));
    if (coded == 0) continue;
    ask_for(from.bins.data() + rows[i] * coded, coded * sizeof(std::uint16_t));
    ask_for(from.fractions.data() + rows[i] * coded, coded * sizeof(float));
  }
}

inline void ask_for_rows(const Labels& from, const std::uint32_t* rows, std::size_t count) {
  ask_for_rows(from.column, rows, count);
}

// f(matrix), unless y holds labels
template <class F>
void visit_matrix(const Targets& y, F&& f) {
  std::visit(
      [&](const auto& values) {
        if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(values)>, Labels>) f(values);
      },
      y);
}

// Copies labels to `labels`, or rows of targets to `out`
template <class T>
void gather_targets(const Targets& from, std::size_t classes, std::int32_t* labels, const Panels<T>& out,
                    const std::uint32_t* order, std::size_t first, Range rows) {
  if (const auto* all = std::get_if<Labels>(&from)) gather_labels(labels, *all, classes, order, first, rows);
  visit_matrix(from, [&](const auto& matrix) { gather_matrix(matrix, out, order, first, rows); });
}

inline std::size_t rows_of_targets(const Targets& y) {
  std::size_t rows = 0;
  if (const auto* labels = std::get_if<Labels>(&y)) rows = labels->column.rows;
  visit_matrix(y, [&](const auto& matrix) { rows = matrix.rows; });
  return rows;
}

inline std::size_t columns_of_targets(const Targets& y) {
  std::size_t columns = 0;
  visit_matrix(y, [&](const auto& matrix) { columns = matrix.columns; });
  return columns;
}

}  // namespace fanin
