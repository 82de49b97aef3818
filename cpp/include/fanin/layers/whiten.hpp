// Whitening of the inputs, as a value.
#pragma once

#include "fanin/layers/missing.hpp"

namespace fanin {

// y_k = v_k' u / sqrt(max(l_k, floor l_1)), with u = (x - mean) / deviation of each column of X, or x - mean
// without `standardize`, and l_1 >= l_2 >= ... and v_k the eigenvalues and eigenvectors of the covariance of
// u in the training set: uncorrelated inputs of variance 1 (LeCun et al. 1998, 4.3). Of each v_k, the first
// of the entries of largest magnitude, within a millionth, is positive. An input layer like Standardize;
// centring and scaling are in double, the product is in the network's type. In the covariance, missing values
// count as means.
struct Whiten {
  static constexpr const char* name = "whiten";
  static constexpr bool of_inputs = true;
  static constexpr bool projects = true;
  double components = 0;  // how many, or their share of the variance if below 1, or all
  double threshold = 0;   // only those with l_k > threshold l_1, but at least one
  double floor = 1e-6;
  bool zca = false;  // back in the columns of X: y = sum_k v_k y_k, as close to u as possible
  bool standardize = true;
  Missing missing = Missing::error;
  bool indicators = true;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("components", self.components, OrNone(above_0()));
    field("threshold", self.threshold, from_0_below_1());
    field("floor", self.floor, from_0_to_1());
    field("zca", self.zca);
    field("standardize", self.standardize);
    field("missing", self.missing, missing_names);
    field("indicators", self.indicators);
  }
};

}  // namespace fanin
