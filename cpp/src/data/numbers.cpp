#include "data/numbers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fanin {
namespace {

// IEEE half precision, all of whose values float has: sign, 5 bits of exponent biased by 15, 10 of mantissa
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

// As NumPy has them: any byte but 0 is true.
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
  } else if (stride == size) {  // known to the compiler, which makes vectors of it
    for (std::size_t j = 0; j < n; ++j) out[j] = static_cast<T>(load<S>(at(j, size)));
  } else {
    for (std::size_t j = 0; j < n; ++j) out[j] = static_cast<T>(load<S>(at(j, stride)));
  }
}

}  // namespace

template <class T>
void convert_row(T* out, const NumberMatrix& m, std::size_t row, Range columns) {
  const std::byte* in = m.data + static_cast<std::ptrdiff_t>(row) * m.row_stride +
                        static_cast<std::ptrdiff_t>(columns.begin) * m.column_stride;
  const auto from = [&]<class S>(std::type_identity<S>) {
    convert_from<T, S>(out, in, m.column_stride, m.swapped, columns.end - columns.begin);
  };
  switch (m.type) {
    case NumberType::boolean:
      return from(std::type_identity<Boolean>{});
    case NumberType::int8:
      return from(std::type_identity<std::int8_t>{});
    case NumberType::uint8:
      return from(std::type_identity<std::uint8_t>{});
    case NumberType::int16:
      return from(std::type_identity<std::int16_t>{});
    case NumberType::uint16:
      return from(std::type_identity<std::uint16_t>{});
    case NumberType::int32:
      return from(std::type_identity<std::int32_t>{});
    case NumberType::uint32:
      return from(std::type_identity<std::uint32_t>{});
    case NumberType::int64:
      return from(std::type_identity<std::int64_t>{});
    case NumberType::uint64:
      return from(std::type_identity<std::uint64_t>{});
    case NumberType::float16:
      return from(std::type_identity<Half>{});
    case NumberType::float32:
      return from(std::type_identity<float>{});
    case NumberType::float64:
      return from(std::type_identity<double>{});
    case NumberType::long_double:
      return from(std::type_identity<long double>{});
  }
}

template void convert_row<float>(float*, const NumberMatrix&, std::size_t, Range);
template void convert_row<double>(double*, const NumberMatrix&, std::size_t, Range);

}  // namespace fanin
