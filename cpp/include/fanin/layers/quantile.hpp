// Normal scores of the inputs, as a value.
#pragma once

#include "fanin/layers/missing.hpp"

namespace fanin {

// Maps each column of X to a normal distribution: x becomes the quantile of the standard normal distribution
// at the share of the training set below x (van der Waerden 1952). Linear between K = min(256, rows)
// quantiles x_k of the column, at k / (K - 1), whose scores are those of (k + 1/2) / K, or of the middle of
// equal ones; constant beyond the smallest and the largest. A constant column gives 0. An input layer like
// Standardize. Quantiles are those of the training set, or of 65,536 of its rows.
struct QuantileLayer {
  static constexpr const char* name = "quantile";
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
