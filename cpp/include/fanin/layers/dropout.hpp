// Dropout as a value.
#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// In training each value becomes 0 with probability `rate`, in [0, 1), rounded to a multiple of 2^-16; else
// it is divided by 1 - rate, so that nothing is left to do for prediction (inverted dropout: Srivastava et
// al. 2014). The random numbers depend on the seed, the layer, the epoch, the step and the place in the
// batch alone. Neither after another Dropout nor last.
struct Dropout {
  static constexpr const char* name = "dropout";
  double rate = 0.5;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("rate", self.rate, from_0_below_1());
  }
};

}  // namespace fanin
