// Robust scaling of the inputs, as a value.
#pragma once

#include "fanin/layers/missing.hpp"

namespace fanin {

// u / sqrt(1 + (u / 3)^2) with u = (x - median) / (upper quartile - lower quartile), of each column of X;
// half the range takes the place of quartiles that are equal, and a constant column gives 0. Outliers stay
// within (-3, 3) (Holzmueller, Grinsztajn and Steinwart 2024). An input layer like Standardize. Quantiles are
// those of the training set, or of 65,536 of its rows.
struct RobustScale {
  static constexpr const char* name = "robust_scale";
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
