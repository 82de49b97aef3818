// The layout of matrices, and the constants of the arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

struct Range {
  std::size_t begin, end;
};

// A matrix is stored as column panels 128 bytes wide: element (i, j) is at ((j / P) * rows + i) * P + j % P.
// The last panel is half as wide if that is enough. Lanes past the last column are zero.
template <class T>
inline constexpr std::size_t kPanel = 128 / sizeof(T);

// The width, including padding, of a panel with `used` columns in use
template <class T>
inline constexpr std::size_t padded(std::size_t used) {
  return used <= kPanel<T> / 2 ? kPanel<T> / 2 : kPanel<T>;
}

// Every output is a chain of fused multiply-adds in increasing depth, restarted after this many terms. Like
// the row blocks below it is a constant of the arithmetic: a different value gives different bits.
template <class T>
inline constexpr std::size_t kDepth = 2048 / sizeof(T);

// The same for sums over samples, whose two operands are read down panels: this many of both stay in L1.
template <class T>
inline constexpr std::size_t kRowDepth = 512 / sizeof(T);

// A unit of work is a block of 64 rows of one panel: 8 KiB, so that steps after a product find it in L1.
inline constexpr std::size_t kRowBlock = 64;

// Panels of one operand that stay in L2 while the other one is traversed: 8 chunks of 64 KiB.
inline constexpr std::size_t kPanelGroup = 8;

template <class T>
struct Panels {
  T* data;
  std::size_t rows, columns;

  __attribute__((always_inline)) std::size_t count() const { return (columns + kPanel<T> - 1) / kPanel<T>; }
  __attribute__((always_inline)) std::size_t width(std::size_t panel) const {
    return padded<T>(columns - panel * kPanel<T>);
  }
  // The number of columns of this panel that are not padding
  __attribute__((always_inline)) std::size_t used(std::size_t panel) const {
    const std::size_t rest = columns - panel * kPanel<T>;
    return rest < kPanel<T> ? rest : kPanel<T>;
  }
  __attribute__((always_inline)) T* at(std::size_t row, std::size_t panel) const {
    return data + panel * rows * kPanel<T> + row * width(panel);
  }
  // The number of elements, including padding
  __attribute__((always_inline)) std::size_t size() const {
    return columns == 0 ? 0 : (count() - 1) * rows * kPanel<T> + rows * width(count() - 1);
  }
};

template <class T>
inline __attribute__((always_inline)) Panels<const T> read_only(Panels<T> m) {
  return {m.data, m.rows, m.columns};
}

// A user's matrix: element (i, j) is data[i * row_stride + j * column_stride].
template <class T>
struct View {
  const T* data;
  std::ptrdiff_t row_stride, column_stride;

  __attribute__((always_inline)) const T* at(std::size_t i, std::size_t j) const {
    return data + static_cast<std::ptrdiff_t>(i) * row_stride +
           static_cast<std::ptrdiff_t>(j) * column_stride;
  }
  // The part that begins at (i, j)
  __attribute__((always_inline)) View from(std::size_t i, std::size_t j) const {
    return {at(i, j), row_stride, column_stride};
  }
};

}  // namespace fanin
