// One-hot codes of the inputs, as a value.
#pragma once

#include <cstddef>

#include "fanin/fields.hpp"

namespace fanin {

// Codes each column of X like the categories of a TableEncoder, with its different numbers as levels: a
// column for each level found in min_count rows of the training set (below 50 min_count rows, in one row of
// 50), and one for all rarer levels; all 0 for missing and unseen numbers. Two levels are -1 and 1, in the
// order of their text; a constant column gives nothing. Means are subtracted. An input layer like
// PiecewiseLinear, but it learns from all rows.
struct OneHot {
  static constexpr const char* name = "one_hot";
  static constexpr bool of_inputs = true, codes = true;
  std::size_t min_count = 10;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("min_count", self.min_count, at_least(1));
  }
};

}  // namespace fanin
