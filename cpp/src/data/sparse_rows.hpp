// The values of rows in compressed form.
#pragma once

#include <algorithm>
#include <iterator>

#include "data/numbers.hpp"

namespace fanin {

// Throws ValueError unless there are as many values, column numbers and row starts as there should be.
void check_lengths(const SparseRows& m);
// Throws ValueError unless rows follow each other, and columns exist.
void check_places(const SparseRows& m);

// The elements of a row. Starts index memory and may have changed since they were checked: whatever they are,
// there are no more than `count` elements.
template <class I>
Range elements_of_row(std::span<const I> row_starts, std::size_t row, std::size_t count) {
  const auto place = [&](I start) { return std::min(static_cast<std::size_t>(start), count); };
  const std::size_t begin = place(row_starts[row]);
  return {begin, std::max(begin, place(row_starts[row + 1]))};
}

// f(column, value) for each value of a row, in order, converted to T with one rounding; without columns that
// do not exist, for the same reason
template <class T, class F>
void for_each_value(const SparseRows& m, std::size_t row, F&& f) {
  std::visit(
      [&](const auto& columns, const auto& row_starts) {
        const Range all = elements_of_row(row_starts, row, columns.size());
        T values[128];
        for (std::size_t begin = all.begin; begin < all.end; begin += std::size(values)) {
          const Range some{begin, std::min(all.end, begin + std::size(values))};
          convert_row(values, m.values, 0, some);
          for (std::size_t k = some.begin; k < some.end; ++k) {
            const auto column = static_cast<std::size_t>(columns[k]);
            if (column < m.columns) f(column, values[k - some.begin]);
          }
        }
      },
      m.column_numbers, m.row_starts);
}

}  // namespace fanin
