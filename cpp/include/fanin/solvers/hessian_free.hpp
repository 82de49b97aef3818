#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// Hessian-free optimization (Martens 2010): x <- x + a d, where d nearly minimizes
//   q(d) = g'd + d'(G + lambda I) d / 2
// with the Gauss-Newton matrix G of a sample. Conjugate gradients, preconditioned by (mean of g_r^2 +
// lambda)^0.75 with the gradient g_r of each row of the sample, start from 0.95 of the last solution and end
// after `cg_iterations`, or when q falls by less than k cg_tolerance of itself over k = max(10, i / 10)
// iterations. Of their iterates 1, 1.3, 1.3^2, ..., going back from the last one while f falls, d is the
// lowest. a is the first of 1, 0.8, 0.8^2, ... with f(x + a d) <= f(x) + 0.01 a g'd. With rho = (f(x + d) -
// f(x)) / (g'd + d'Gd / 2), lambda <- 2/3 lambda if rho > 3/4, and 3/2 lambda if rho < 1/4. f and g are those
// of all rows.
struct HessianFree {
  static constexpr const char* name = "hessian_free";

  double damping = 1;  // lambda at the start
  std::size_t cg_iterations = 250;
  double cg_tolerance = 5e-4;
  double sample = 0.1;               // the share of a data set's rows that G takes
  double gradient_tolerance = 1e-5;  // ends at max |g| <= this
  double loss_tolerance = 2.2e-9;    // or when f falls by at most this share of max(|f|, 1)

  friend bool operator==(const HessianFree&, const HessianFree&) = default;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("damping", self.damping, above_0());
    field("cg_iterations", self.cg_iterations, at_least(1));
    field("cg_tolerance", self.cg_tolerance, at_least(0));
    field("sample", self.sample, Allowed{0, 1, true, false});
    field("gradient_tolerance", self.gradient_tolerance, at_least(0));
    field("loss_tolerance", self.loss_tolerance, at_least(0));
  }
};

}  // namespace fanin
