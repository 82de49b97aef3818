// Non-owning views of a user's arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace fanin {

// Element (i, j) is data[i * row_stride + j * column_stride]; strides are in elements and may be negative or
// zero.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0, columns = 0;
  std::ptrdiff_t row_stride = 0, column_stride = 1;
};

template <class T>
MatrixView<T> row_major(T* data, std::size_t rows, std::size_t columns) {
  return {data, rows, columns, static_cast<std::ptrdiff_t>(columns), 1};
}

// Samples are rows. Either precision serves a network of either: values are converted batch by batch.
using Samples = std::variant<MatrixView<const float>, MatrixView<const double>>;

// One weight for each sample, at least 0; none: all are 1.
using SampleWeights = std::span<const double>;

// Class labels 0..k-1, or one row of targets for each sample.
using Targets =
    std::variant<std::span<const std::int64_t>, MatrixView<const float>, MatrixView<const double>>;

inline std::size_t rows_of(const Samples& x) {
  return std::visit([](const auto& m) { return m.rows; }, x);
}
inline std::size_t columns_of(const Samples& x) {
  return std::visit([](const auto& m) { return m.columns; }, x);
}

}  // namespace fanin
