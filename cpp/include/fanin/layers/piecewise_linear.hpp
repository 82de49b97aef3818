// Piecewise-linear codes of the inputs, as a value.
#pragma once

#include <cstddef>

#include "fanin/coded_rows.hpp"
#include "fanin/fields.hpp"

namespace fanin {

// Codes each column of X like the numbers of a TableEncoder: v / sqrt(1 + (v / 3)^2) with v = (x - median) /
// (upper quartile - lower quartile), and u_t = clamp((x - e_(t-1)) / (e_t - e_(t-1)), 0, 1) for at most
// `bins` intervals between knots e_0 < ... < e_T (Gorishniy et al. 2022). Missing values count as the median;
// a column that has some in training gets an indicator. Two values are -1 and 1, a constant column gives
// nothing. Means are subtracted. An input layer like Standardize, whose codes a Dense behind it reads without
// products. Learned from the training set, or 65,536 of its rows; sample weights other than 0 do not matter.
struct PiecewiseLinear {
  static constexpr const char* name = "piecewise_linear";
  static constexpr bool of_inputs = true, codes = true;
  std::size_t bins = 64;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("bins", self.bins, Allowed{1, CodedRows::kMostBins, false, false});
  }
};

}  // namespace fanin
