// Numbers of any type, converted to the network's.
#pragma once

#include "fanin/views.hpp"
#include "kernels/table.hpp"

namespace fanin {

// Every value of these types is finite, even in float.
inline bool is_whole(NumberType type) { return type < NumberType::float16; }
// In bytes; 0 for an invalid type
std::size_t size_of(NumberType type);

// out[j] = element (row, columns.begin + j), with one rounding
template <class T>
void convert_row(T* out, const NumberMatrix& m, std::size_t row, Range columns);
void convert_row(double* out, const SparseRows& m, std::size_t row, Range columns);
void convert_row(double* out, const CodedRows& m, std::size_t row, Range columns);

// The same of any samples, in double
void convert_values(double* out, const Samples& x, std::size_t row, Range columns);

template <class S>
double value_at(const MatrixView<const S>& m, std::size_t i, std::size_t j) {
  return m
      .data[static_cast<std::ptrdiff_t>(i) * m.row_stride + static_cast<std::ptrdiff_t>(j) * m.column_stride];
}
template <class Matrix>
double value_at(const Matrix& m, std::size_t i, std::size_t j) {
  double value = 0;
  convert_row(&value, m, i, {j, j + 1});
  return value;
}

// Throws ValueError unless all are in 0..classes-1.
void check_labels(const Labels& labels, std::size_t classes);
// Labels of rows order[first + i], or first + i without an order. They index memory and may have changed
// since they were checked: an invalid label becomes class 0.
void gather_labels(std::int32_t* out, const Labels& from, std::size_t classes, const std::uint32_t* order,
                   std::size_t first, Range rows);

}  // namespace fanin
