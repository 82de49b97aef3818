// Tables as samples of a network: numbers in piecewise-linear codes, categories one-hot, dates in parts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fanin/coded_rows.hpp"
#include "fanin/table.hpp"
#include "fanin/table_columns.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Codes the rows of a table, as its columns say. All arithmetic is in double, rounded once to float, with the
// same bits on any number of threads.
class TableEncoder {
 public:
  // Throws ValueError for a column that contradicts itself, repeated names, or if nothing is left to code.
  explicit TableEncoder(std::vector<TableColumn> columns);

  const std::vector<TableColumn>& columns() const { return columns_; }

  // Columns are found by name; those that the encoder does not know are ignored. The values of pair columns,
  // one for each row and pair, replace those of their cells if they are given, row-major: training rows may
  // have others. Throws ValueError if a column is missing, has text instead of numbers or the reverse,
  // another number of rows, or an infinite value.
  CodedTable encode(const Table& table, std::span<const double> pair_values = {}) const;

 private:
  std::vector<TableColumn> columns_;
};

// The code of numbers with at most this many bins, learned from training rows. Scale: the distance of the
// quartiles, or half that of the extremes if it is 0. Greedy knots: a value in 1 / bins of the rows is a
// knot, and quantiles of the others share what is left. With spikes, 3 to 128 different values have a column
// each. Throws ValueError if all are equal or missing, or are too far apart for double precision.
NumberCode learn_number_code(const std::string& column, std::span<const double> values, std::size_t bins,
                             bool spikes = false);

// How a column of numbers, booleans (0 and 1) or dates is coded. It is dropped if all its values are equal
// and none is missing.
TableColumn learn_numbers(const std::string& column, std::span<const double> values, std::size_t bins,
                          bool spikes = false);
TableColumn learn_dates(const std::string& column, std::span<const double> days, std::size_t bins);

// How a category is coded whose levels were found so many times in so many rows. Levels found at least
// min_count times have a column of their own; below 50 min_count rows, it is enough to be found in one row of
// 50.
TableColumn learn_category(const std::string& column, std::vector<std::pair<std::string, std::size_t>> levels,
                           std::size_t rows, std::size_t min_count = 10);

// The cell of each value of a column
std::vector<std::uint32_t> cells_of(const Cells& cells, const Table::Column& column);

}  // namespace fanin

#pragma GCC visibility pop
