#include "data/sparse_rows.hpp"

#include <string>

#include "base/text.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

std::size_t count_of_integers(const SparseRows::Integers& integers) {
  return std::visit([](const auto& of) { return of.size(); }, integers);
}

[[noreturn]] void refuse_start(std::size_t row, const std::string& expected, std::int64_t got) {
  throw ValueError("X: row start " + std::to_string(row) + " (indptr): expected " + expected + ", got " +
                   std::to_string(got));
}

}  // namespace

void check_lengths(const SparseRows& m) {
  const std::size_t count = m.values.rows == 1 ? m.values.columns : 0;
  if (count_of_integers(m.column_numbers) != count) {
    throw ValueError("X: expected " + std::to_string(count) +
                     " column numbers (indices), one for each value, got " +
                     std::to_string(count_of_integers(m.column_numbers)));
  }
  if (count_of_integers(m.row_starts) != m.rows + 1) {
    throw ValueError("X: expected " + std::to_string(m.rows + 1) +
                     " row starts (indptr), one more than rows, got " +
                     std::to_string(count_of_integers(m.row_starts)));
  }
}

void check_places(const SparseRows& m) {
  const auto check = [&](const auto& columns, const auto& row_starts) {
    const auto count = static_cast<std::int64_t>(columns.size());
    if (row_starts[0] != 0) refuse_start(0, "0", row_starts[0]);
    if (row_starts[m.rows] != count) {
      refuse_start(m.rows, std::to_string(count) + ", the number of values", row_starts[m.rows]);
    }
    for (std::size_t row = 0; row < m.rows; ++row) {
      if (row_starts[row] <= row_starts[row + 1]) continue;
      refuse_start(row + 1, "at least " + std::to_string(row_starts[row]) + ", the one before",
                   row_starts[row + 1]);
    }
    const auto missing = std::find_if(columns.begin(), columns.end(), [&](auto column) {
      return static_cast<std::size_t>(column) >= m.columns;
    });
    if (missing == columns.end()) return;
    const auto place = static_cast<std::int64_t>(missing - columns.begin());
    const auto row = std::upper_bound(row_starts.begin(), row_starts.end(), place) - row_starts.begin() - 1;
    throw ValueError("X: row " + std::to_string(row) + ": expected column numbers (indices) in 0.." +
                     std::to_string(m.columns - 1) + ", got " + std::to_string(*missing));
  };
  std::visit(check, m.column_numbers, m.row_starts);
}

void convert_row(double* out, const SparseRows& m, std::size_t row, Range columns) {
  std::fill_n(out, columns.end - columns.begin, 0.0);
  for_each_value<double>(m, row, [&](std::size_t column, double value) {
    if (columns.begin <= column && column < columns.end) out[column - columns.begin] += value;
  });
}

}  // namespace fanin
