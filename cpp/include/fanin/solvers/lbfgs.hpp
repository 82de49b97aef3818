#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// L-BFGS (Liu and Nocedal 1989): x <- x - a H g, where H is the inverse Hessian that the last `memory` pairs
// s = change of x, y = change of g imply, by the two-loop recursion from H0 = (s'y / y'y) I. Pairs with
// s'y <= 2.2e-16 y'y are skipped. The step a is that of Hager and Zhang's line search (2006) from a = 1; the
// first one is tried at 1 / |g|. The rate is superlinear only with as much memory as there are weights.
struct LBFGS {
  static constexpr const char* name = "lbfgs";

  std::size_t memory = 10;
  double gradient_tolerance = 1e-5;  // ends at max |g| <= this
  double loss_tolerance = 2.2e-9;    // or when f falls by at most this share of max(|f|, 1)

  friend bool operator==(const LBFGS&, const LBFGS&) = default;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("memory", self.memory, at_least(1));
    field("gradient_tolerance", self.gradient_tolerance, at_least(0));
    field("loss_tolerance", self.loss_tolerance, at_least(0));
  }
};

}  // namespace fanin
