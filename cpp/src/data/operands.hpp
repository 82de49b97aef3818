// The memory of users' arrays, and checks of views and overlaps.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "fanin/error.hpp"
#include "fanin/views.hpp"

namespace fanin {

// The addresses [begin, end) of an array's bytes; empty for an empty array
struct Memory {
  std::uintptr_t begin = 0, end = 0;
};

// The length of an axis, and its stride in bytes
struct Axis {
  std::size_t length;
  std::ptrdiff_t stride;
};
Memory memory_of(const void* data, std::size_t element_bytes, Axis rows, Axis columns);

template <class T>
Memory memory_of(const MatrixView<T>& m) {
  const auto axis = [](std::size_t length, std::ptrdiff_t stride) {
    return Axis{length, length > 1 ? stride * static_cast<std::ptrdiff_t>(sizeof(T)) : 0};
  };
  return memory_of(m.data, sizeof(T), axis(m.rows, m.row_stride), axis(m.columns, m.column_stride));
}
Memory memory_of(const NumberMatrix& m);
inline Memory memory_of(const Labels& labels) { return memory_of(labels.column); }
template <class T>
Memory memory_of(std::span<T> values) {
  return memory_of(row_major<T>(values.data(), 1, values.size()));
}
inline Memory memory_of(const Targets& y) {
  return std::visit([](const auto& m) { return memory_of(m); }, y);
}

inline bool before(Memory a, Memory b) { return a.end <= b.begin; }
inline bool overlap(Memory a, Memory b) { return a.begin < b.end && b.begin < a.end; }

// An argument, or element `place` of a list
struct Named {
  std::string_view name;
  Memory memory;
  std::ptrdiff_t place = -1;
};

// The memory of samples, or that of the arrays of sparse or coded rows
std::array<Named, 4> operands_of(std::string_view name, const Samples& x);

// Throws ValueError if an output shares memory with an input or another output.
void check_apart(std::span<const Named> outputs, std::span<const Named> inputs);
inline void check_apart(std::initializer_list<Named> outputs, std::initializer_list<Named> inputs) {
  check_apart(std::span(outputs.begin(), outputs.size()), std::span(inputs.begin(), inputs.size()));
}

inline constexpr const char* kNullPointer = "expected data, got a null pointer";

template <class T>
bool is_null(std::span<T> values) {
  return values.data() == nullptr && !values.empty();
}
inline void check_data_of(const char* name, const void* data, std::size_t rows, std::size_t columns) {
  if (data != nullptr || rows == 0 || columns == 0) return;
  throw ValueError(std::string(name) + ": " + kNullPointer);
}

template <class T>
void check_size(const char* name, std::span<T> values, std::size_t expected) {
  if (values.size() != expected) {
    throw ValueError(std::string(name) + ": expected " + std::to_string(expected) + " elements, got " +
                     std::to_string(values.size()));
  }
  check_data_of(name, values.data(), 1, values.size());
}

template <class T>
void check_sizes(std::size_t expected,
                 std::initializer_list<std::pair<const char*, std::span<const T>>> arrays) {
  for (const auto& [name, values] : arrays) check_size(name, values, expected);
}

// A view of this shape with meaningful strides: those of axes of length 0 and 1 are replaced by the
// row-major ones.
template <class T>
MatrixView<T> checked_view(const char* name, MatrixView<T> m, std::size_t rows, std::size_t columns) {
  if (m.rows != rows || m.columns != columns) {
    throw ValueError(std::string(name) + ": expected shape " + shape_text(rows, columns) + ", got " +
                     shape_text(m.rows, m.columns));
  }
  check_data_of(name, m.data, rows, columns);
  if (columns <= 1 || rows == 0) m.column_stride = 1;
  if (rows <= 1 || columns == 0) m.row_stride = static_cast<std::ptrdiff_t>(columns);
  return m;
}

// The same for matrices whose rows kernels read or write as a whole
template <class T>
MatrixView<T> checked_rows(const char* name, MatrixView<T> m, std::size_t rows, std::size_t columns) {
  m = checked_view(name, m, rows, columns);
  if (m.column_stride == 1) return m;
  throw ValueError(std::string(name) + ": expected adjacent columns");
}

template <class T>
MatrixView<T> checked_output(const char* name, MatrixView<T> m, std::size_t rows, std::size_t columns) {
  m = checked_view(name, m, rows, columns);
  if (m.column_stride == 1 && m.row_stride >= static_cast<std::ptrdiff_t>(columns)) return m;
  throw ValueError(std::string(name) + ": expected rows that do not overlap, with adjacent columns");
}

}  // namespace fanin
