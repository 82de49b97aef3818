// Moments of columns of any samples.
#pragma once

#include "base/registry.hpp"
#include "data/numbers.hpp"

namespace fanin {

// The moments of some columns in a block of rows, about `shift`; see input_moments.hpp
struct BlockMoments {
  static constexpr std::size_t kMost = 64;  // columns
  double weight[kMost], mean[kMost], squares[kMost], shift[kMost];
  double buffer[kRowBlock * kMost];

  template <class S>
  void take(const MatrixView<const S>& x, Range rows, Range columns, const double* weights, bool missing) {
    const std::size_t n = columns.end - columns.begin;
    if (x.column_stride != 1) return take(numbers(x), rows, columns, weights, missing);
    const S* const first = x.data + static_cast<std::ptrdiff_t>(rows.begin) * x.row_stride + columns.begin;
    const auto kernel = [missing] {
      if constexpr (std::is_same_v<S, float>) return active_kernels().moments_of_floats[missing];
      if constexpr (std::is_same_v<S, double>) return active_kernels().moments_of_doubles[missing];
    }();
    kernel(weight, mean, squares, first, x.row_stride, shift, weights, rows.end - rows.begin, n);
  }
  template <class Matrix>
  void take(const Matrix& x, Range rows, Range columns, const double* weights, bool missing) {
    const std::size_t n = columns.end - columns.begin;
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      convert_row(buffer + (i - rows.begin) * n, x, i, columns);
    }
    active_kernels().moments_of_doubles[missing](weight, mean, squares, buffer,
                                                 static_cast<std::ptrdiff_t>(n), shift, weights,
                                                 rows.end - rows.begin, n);
  }
};

}  // namespace fanin
