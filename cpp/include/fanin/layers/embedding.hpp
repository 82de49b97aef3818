// The embedding layer as a value.
#pragma once

#include <cstddef>
#include <vector>

#include "fanin/fields.hpp"
#include "fanin/initializers.hpp"

namespace fanin {

// Looks up rows of tables: each column of X holds whole numbers from 0 on, and the outputs are the `dim`
// numbers in these rows of the column's table, column after column. It is a first layer. `n` has the rows of
// the table for each column, or those of one table for all. With bags, X has a column for each row of the
// tables, as sparse rows, and the outputs are the sum of the table's rows times the values of X. Weights are
// (sum of n, dim), and their fan-in is 1.
struct Embedding {
  static constexpr const char* name = "embedding";
  static constexpr bool of_ids = true;
  std::vector<std::size_t> n = {};
  std::size_t dim = 0;
  bool bags = false;
  Initializer initializer = Automatic{};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("n", self.n, at_least(1));
    field("dim", self.dim, at_least(1));
    field("bags", self.bags);
    field("initializer", self.initializer, Initializers{});
  }
};

}  // namespace fanin
