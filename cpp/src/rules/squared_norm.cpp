#include "rules/squared_norm.hpp"

#include <algorithm>

namespace fanin {

template <class T>
void SquaredNorm<T>::add_blocks(std::size_t array, std::size_t offset, std::size_t rows, std::size_t stride,
                                std::size_t columns) {
  for (std::size_t row = 0; row < rows; row += kRowBlock) {
    blocks_.push_back({array, offset + row * stride, std::min(kRowBlock, rows - row), stride, columns});
  }
}

template <class T>
void SquaredNorm<T>::add_vector(std::size_t array, std::size_t offset, std::size_t size) {
  const std::size_t rows = size / kPanel<T>, rest = size % kPanel<T>;
  add_blocks(array, offset, rows, kPanel<T>, kPanel<T>);
  if (rest > 0) add_blocks(array, offset + rows * kPanel<T>, 1, rest, rest);
}

template <class T>
void SquaredNorm<T>::add_matrix(std::size_t array, std::size_t offset, std::size_t rows,
                                std::size_t columns) {
  if (rows == 1) return add_vector(array, offset, columns);
  for (std::size_t column = 0; column < columns; column += kPanel<T>) {
    add_blocks(array, offset + column, rows, columns, std::min(kPanel<T>, columns - column));
  }
}

template <class T>
void SquaredNorm<T>::add_panels(std::size_t array, std::size_t offset, std::size_t rows,
                                std::size_t columns) {
  if (rows == 1) return add_vector(array, offset, columns);
  for (std::size_t column = 0; column < columns; column += kPanel<T>) {
    const std::size_t width = padded<T>(std::min(kPanel<T>, columns - column));  // with its padding, all 0
    add_blocks(array, offset + column * rows, rows, width, width);
  }
}

template class SquaredNorm<float>;
template class SquaredNorm<double>;

}  // namespace fanin
