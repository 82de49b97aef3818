// Non-owning views of a caller's arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "fanin/coded_rows.hpp"

namespace fanin {

// Element (i, j) is data[i * row_stride + j * column_stride]; strides are in elements and may be negative or
// zero. The stride of an axis of length 0 or 1 is ignored.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0, columns = 0;
  std::ptrdiff_t row_stride = 0, column_stride = 1;

  operator MatrixView<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, columns, row_stride, column_stride};
  }
};

template <class T>
MatrixView<T> row_major(T* data, std::size_t rows, std::size_t columns) {
  return {data, rows, columns, static_cast<std::ptrdiff_t>(columns), 1};
}

enum class NumberType {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  float64,
  long_double,
};

// A matrix of numbers of any type, alignment and byte order; strides are in bytes.
struct NumberMatrix {
  NumberType type = NumberType::float32;
  const std::byte* data = nullptr;
  std::size_t rows = 0, columns = 0;
  std::ptrdiff_t row_stride = 0, column_stride = 0;
  bool swapped = false;  // whether its byte order is the opposite of this machine's
};

template <class S>
constexpr NumberType number_type() {
  if constexpr (std::is_same_v<S, bool>) {
    return NumberType::boolean;
  } else if constexpr (std::is_integral_v<S>) {
    static_assert(sizeof(S) <= 8, "integers have at most 64 bits");
    constexpr bool is_signed = std::is_signed_v<S>;
    if constexpr (sizeof(S) == 1) return is_signed ? NumberType::int8 : NumberType::uint8;
    if constexpr (sizeof(S) == 2) return is_signed ? NumberType::int16 : NumberType::uint16;
    if constexpr (sizeof(S) == 4) return is_signed ? NumberType::int32 : NumberType::uint32;
    return is_signed ? NumberType::int64 : NumberType::uint64;
  } else {
    static_assert(std::is_floating_point_v<S>, "expected bool, an integer or a floating-point type");
    if constexpr (std::is_same_v<S, float>) return NumberType::float32;
    return std::is_same_v<S, double> ? NumberType::float64 : NumberType::long_double;
  }
}

template <class S>
NumberMatrix numbers(const MatrixView<S>& m) {
  constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(S));
  return {number_type<std::remove_const_t<S>>(),
          reinterpret_cast<const std::byte*>(m.data),
          m.rows,
          m.columns,
          m.row_stride * size,
          m.column_stride * size};
}

// Rows of which most values are 0, in compressed form (CSR): elements row_starts[i] to row_starts[i + 1] - 1
// of `values`, one row of numbers, are those of row i, in the columns with these elements of
// `column_numbers`. All others are 0, and values at the same place are added up, converted to the network's
// type.
struct SparseRows {
  using Integers = std::variant<std::span<const std::int32_t>, std::span<const std::int64_t>>;

  std::size_t rows = 0, columns = 0;
  NumberMatrix values = {};
  Integers column_numbers = {}, row_starts = {};
};

// The same of the arrays of a CSR matrix: the values of all rows, their columns, and where each row begins,
// with the number of values as a last element. Borrowed.
template <class T, class I>
SparseRows csr(std::size_t columns, const std::vector<T>& values, const std::vector<I>& column_numbers,
               const std::vector<I>& row_starts) {
  return {row_starts.empty() ? 0 : row_starts.size() - 1, columns,
          numbers(row_major(values.data(), 1, values.size())), std::span<const I>(column_numbers),
          std::span<const I>(row_starts)};
}

// Samples are rows, or sequences of rows. A network of either precision accepts any type of numbers: values
// are converted batch by batch, each with one rounding. A first dense layer reads coded rows as they are, and
// sparse rows if fewer than one in eight of their values is not 0; else they are gathered into dense batches.
//
// With `starts`, the steps of sequence i are the rows from starts[i] to starts[i + 1] - 1, at least one; the
// last of them is the number of rows. Borrowed.
struct Samples
    : std::variant<MatrixView<const float>, MatrixView<const double>, NumberMatrix, SparseRows, CodedRows> {
  using variant::variant;
  std::span<const std::uint64_t> starts = {};
};
inline Samples sequences(Samples steps, std::span<const std::uint64_t> starts) {
  steps.starts = starts;
  return steps;
}

// One weight for each sample, at least 0; empty: all are 1. A common factor, however large or small, has no
// effect. Nor does a sample of weight 0, whatever finite numbers it holds, except on the mean and variance of
// a batch norm.
using SampleWeights = std::span<const double>;

// Class labels 0..k-1, one for each sample, of any integer type: a vector, a span, or a column of numbers.
struct Labels {
  NumberMatrix column = {NumberType::int64};

  Labels() = default;
  explicit Labels(const NumberMatrix& of) : column(of) {}
  template <std::ranges::contiguous_range R>
    requires std::ranges::borrowed_range<R> && std::is_integral_v<std::ranges::range_value_t<R>>
  Labels(R&& labels)
      : column(numbers(MatrixView<const std::ranges::range_value_t<R>>{
            std::ranges::data(labels), std::ranges::size(labels), 1, 1, 1})) {}
};

// Labels, or a row of targets for each sample.
using Targets = std::variant<Labels, MatrixView<const float>, MatrixView<const double>, NumberMatrix>;

// Writes the columns that coded rows stand for.
template <class T>
__attribute__((visibility("default"))) void to_dense(const CodedRows& rows, MatrixView<T> out);

inline std::size_t rows_of(const Samples& x) {
  return std::visit([](const auto& m) { return m.rows; }, x);
}
inline std::size_t columns_of(const Samples& x) {
  return std::visit([](const auto& m) { return m.columns; }, x);
}

}  // namespace fanin
