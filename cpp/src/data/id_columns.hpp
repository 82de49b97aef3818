// Columns of X that hold whole numbers: rows of tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "fanin/layers/embedding.hpp"
#include "fanin/views.hpp"

namespace fanin {

// The tables of an embedding lie below each other in one array, in the order of the columns that they are
// for.
struct IdColumns {
  std::vector<std::size_t> sizes;  // rows of the table for each column, or of the one for all
  bool bags;                       // X has a column for each row of the tables instead

  explicit IdColumns(const Embedding& layer) : sizes(layer.n), bags(layer.bags) {}
  bool shared() const { return sizes.size() == 1; }
  std::size_t size(std::size_t column) const { return sizes[shared() ? 0 : column]; }
  std::size_t rows() const { return before(sizes.size()); }
  // The first row of the table for a column
  std::size_t first(std::size_t column) const { return shared() ? 0 : before(column); }

 private:
  std::size_t before(std::size_t table) const {
    return std::accumulate(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(table), std::size_t{0});
  }
};

// Throws ValueError unless these are whole numbers that are rows of the tables
void check_ids(const Samples& x, const IdColumns& ids);

}  // namespace fanin
