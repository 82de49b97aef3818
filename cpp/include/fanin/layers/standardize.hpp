// Standardization of the inputs, as a value.
#pragma once

#include "fanin/layers/missing.hpp"

namespace fanin {

// (x - mean) / deviation of each column of X, with the mean and standard deviation (divisor n) of the
// training set; a constant column gives 0 (LeCun et al. 1998, 4.3). An input layer: it comes first, learns at
// the first fit from its rows, weighted by sample weights, or from Network::adapt, and stays as it is
// afterwards. It is applied in double precision while rows are gathered, before they are rounded to the
// network's type.
struct Standardize {
  static constexpr const char* name = "standardize";
  static constexpr bool of_inputs = true;
  Missing missing = Missing::error;
  bool indicators = true;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("missing", self.missing, missing_names);
    field("indicators", self.indicators);
  }
};

}  // namespace fanin
