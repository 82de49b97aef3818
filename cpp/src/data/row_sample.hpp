// A random sample of rows that come in chunks.
#pragma once

#include <cstdint>
#include <vector>

#include "fanin/network.hpp"
#include "kernels/table.hpp"
#include "ranks/ranks.hpp"

namespace fanin {

// At most 65,536 rows, those of least priority: a random number that depends only on the position of the row.
// Rows of weight 0 do not count.
class RowSample {
 public:
  // `copies` if chunks are gone when the sample is read
  RowSample(std::size_t columns, bool copies) : columns_(columns), copies_(copies) {}

  // The position of the first row that comes
  void start_at(std::size_t position) { seen_ = position; }
  void add(const Samples& x, const std::vector<double>& weights);
  // Of copied rows: makes this the sample of all ranks' rows
  void merge(const Ranks& ranks);
  std::size_t size() const { return rows_.size(); }
  double weight(std::size_t i) const { return rows_[i].weight; }
  // Puts the rows in the order in which they came
  void sort();
  // These columns of all rows, row-major; from the single chunk, unless they were copied
  void values(double* out, Range columns, const Samples* only) const;

 private:
  struct Row {
    std::uint64_t priority;
    std::size_t position;
    double weight;
    std::vector<double> values;  // if rows are copied
  };
  std::size_t columns_;
  bool copies_;
  std::size_t seen_ = 0;
  std::vector<Row> rows_;  // a heap
};

}  // namespace fanin
