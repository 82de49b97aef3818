#include "data/numbers.hpp"

#include "base/registry.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "fanin/error.hpp"

namespace fanin {
namespace {

// IEEE half precision, a subset of float: sign, 5 bits of exponent with bias 15, 10 bits of mantissa
struct Half {
  std::uint16_t bits;

  explicit operator float() const {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31,
                        mantissa = bits & 1023;
    if (exponent == 0) {
      const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t rebiased = exponent == 31 ? 255 : exponent + (127 - 15);
    return std::bit_cast<float>(sign | rebiased << 23 | mantissa << 13);
  }
  explicit operator double() const { return static_cast<float>(*this); }
};

// As in NumPy, any byte but 0 is true.
struct Boolean {
  std::uint8_t byte;

  template <class T>
  explicit operator T() const {
    return byte != 0 ? T{1} : T{0};
  }
};

template <class S>
S load(const std::byte* from) {
  S value;
  std::memcpy(&value, from, sizeof(S));
  return value;
}

template <class S>
S load_swapped(const std::byte* from) {
  std::byte bytes[sizeof(S)];
  std::reverse_copy(from, from + sizeof(S), bytes);
  return load<S>(bytes);
}

template <class T, class S>
void convert_from(T* out, const std::byte* in, std::ptrdiff_t stride, bool swapped, std::size_t n) {
  constexpr auto size = static_cast<std::ptrdiff_t>(sizeof(S));
  const auto at = [&](std::size_t j, std::ptrdiff_t step) {
    return in + static_cast<std::ptrdiff_t>(j) * step;
  };
  if (swapped) {
    for (std::size_t j = 0; j < n; ++j) out[j] = static_cast<T>(load_swapped<S>(at(j, stride)));
  } else if (stride == size) {  // a constant stride, so that the compiler vectorizes the loop
    for (std::size_t j = 0; j < n; ++j) out[j] = static_cast<T>(load<S>(at(j, size)));
  } else {
    for (std::size_t j = 0; j < n; ++j) out[j] = static_cast<T>(load<S>(at(j, stride)));
  }
}

// f(std::type_identity<S>{}) with the type that elements are read as
template <class F>
void with_type(NumberType type, F&& f) {
  switch (type) {
    case NumberType::boolean:
      return f(std::type_identity<Boolean>{});
    case NumberType::int8:
      return f(std::type_identity<std::int8_t>{});
    case NumberType::uint8:
      return f(std::type_identity<std::uint8_t>{});
    case NumberType::int16:
      return f(std::type_identity<std::int16_t>{});
    case NumberType::uint16:
      return f(std::type_identity<std::uint16_t>{});
    case NumberType::int32:
      return f(std::type_identity<std::int32_t>{});
    case NumberType::uint32:
      return f(std::type_identity<std::uint32_t>{});
    case NumberType::int64:
      return f(std::type_identity<std::int64_t>{});
    case NumberType::uint64:
      return f(std::type_identity<std::uint64_t>{});
    case NumberType::float16:
      return f(std::type_identity<Half>{});
    case NumberType::float32:
      return f(std::type_identity<float>{});
    case NumberType::float64:
      return f(std::type_identity<double>{});
    case NumberType::long_double:
      return f(std::type_identity<long double>{});
  }
}

}  // namespace

std::size_t size_of(NumberType type) {
  std::size_t size = 0;
  with_type(type, [&]<class S>(std::type_identity<S>) { size = sizeof(S); });
  return size;
}

template <class T>
void convert_row(T* out, const NumberMatrix& m, std::size_t row, Range columns) {
  const std::byte* in = m.data + static_cast<std::ptrdiff_t>(row) * m.row_stride +
                        static_cast<std::ptrdiff_t>(columns.begin) * m.column_stride;
  with_type(m.type, [&]<class S>(std::type_identity<S>) {
    convert_from<T, S>(out, in, m.column_stride, m.swapped, columns.end - columns.begin);
  });
}

namespace {

// f(label), where label(row) returns the label of a row as an integer of its own type
template <class F>
void with_labels(const Labels& labels, F&& f) {
  with_type(labels.column.type, [&]<class S>(std::type_identity<S>) {
    using Integer = std::conditional_t<std::is_same_v<S, Boolean>, std::uint8_t, S>;
    if constexpr (std::is_integral_v<Integer>) {
      f([&m = labels.column](std::size_t row) {
        const std::byte* const at = m.data + static_cast<std::ptrdiff_t>(row) * m.row_stride;
        return static_cast<Integer>(m.swapped ? load_swapped<S>(at) : load<S>(at));
      });
    }
  });
}

}  // namespace

void check_labels(const Labels& labels, std::size_t classes) {
  if (!is_whole(labels.column.type)) throw ValueError("y: expected labels of an integer type");
  with_labels(labels, [&](auto&& label) {
    for (std::size_t i = 0; i < labels.column.rows; ++i) {
      if (static_cast<std::uint64_t>(label(i)) < classes) continue;
      throw ValueError("y: row " + std::to_string(i) + " is " + std::to_string(label(i)) +
                       "; labels must be in 0.." + std::to_string(classes - 1) + " for " +
                       std::to_string(classes) + " outputs");
    }
  });
}

void gather_labels(std::int32_t* out, const Labels& from, std::size_t classes, const std::uint32_t* order,
                   std::size_t first, Range rows) {
  with_labels(from, [&](auto&& label) {
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      const auto at = static_cast<std::uint64_t>(label(order != nullptr ? order[first + i] : first + i));
      out[i] = static_cast<std::int32_t>(at < classes ? at : 0);
    }
  });
}

template void convert_row<float>(float*, const NumberMatrix&, std::size_t, Range);
template void convert_row<double>(double*, const NumberMatrix&, std::size_t, Range);

namespace {

template <class Matrix>
void values_of_row(double* out, const Matrix& m, std::size_t row, Range columns) {
  convert_row(out, m, row, columns);
}
template <class S>
void values_of_row(double* out, const MatrixView<const S>& m, std::size_t row, Range columns) {
  if (std::is_same_v<S, double> || m.column_stride != 1) return convert_row(out, numbers(m), row, columns);
  const auto offset =
      static_cast<std::ptrdiff_t>(row) * m.row_stride + static_cast<std::ptrdiff_t>(columns.begin);
  if constexpr (std::is_same_v<S, float>) {
    active_kernels().to_doubles(out, m.data + offset, columns.end - columns.begin);
  }
}

}  // namespace

void convert_values(double* out, const Samples& x, std::size_t row, Range columns) {
  std::visit([&](const auto& m) { values_of_row(out, m, row, columns); }, x);
}

}  // namespace fanin
