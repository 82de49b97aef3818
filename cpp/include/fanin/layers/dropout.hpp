// Dropout as a value.
#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// In training each value is set to 0 with probability `rate`, in [0, 1), rounded to a multiple of 2^-16, and
// otherwise divided by 1 - rate, so that prediction needs no correction (inverted dropout: Srivastava et al.
// 2014). The random numbers depend only on the seed, the layer, the epoch, the step and the position in the
// batch. A Dropout may be neither last nor right after another one.
struct Dropout {
  static constexpr const char* name = "dropout";
  double rate = 0.5;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("rate", self.rate, from_0_below_1());
  }
};

}  // namespace fanin
