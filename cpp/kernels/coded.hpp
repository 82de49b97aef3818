// What the kernels of coded columns take.
#pragma once

#include "panels.hpp"

namespace fanin {

// A coded column of the samples: `size` rows of w from weights_row on, the values of `centre` from `weights`
// on, and size + 1 rows of the table from `table` on
struct CodedPlace {
  std::size_t weights_row, weights, table;
  std::uint32_t size;
  bool piecewise;
};

// The coded columns of a batch: those of column c begin at c * stride
template <class T>
struct CodedBatch {
  const CodedPlace* places = nullptr;
  std::size_t count = 0, stride = 0;
  const std::uint16_t* bins = nullptr;
  const T* fractions = nullptr;
};

// Sums of weights, see coded_forward.hpp: a table (rows, n) and constants (coded columns, n)
template <class T>
struct CodedTables {
  Panels<T> table, constants;
  const T* centre;
};

}  // namespace fanin
