#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// Nonlinear conjugate gradient: x <- x + a d, d <- -g + beta d, with y the change of g:
//   hager_zhang (2005, 2013): beta = max((y - 2 d y'y / d'y)'g / d'y, eta d'g_before / d'd)
//   polak_ribiere (1969), not below 0: beta = max(y'g / g_before'g_before, 0)
// A d that does not descend is replaced by -g. The step a is that of Hager and Zhang's line search (2006);
// its first trial is the minimum of a parabola (QuadStep), so that a quadratic bowl of n dimensions takes n
// steps.
struct ConjugateGradient {
  static constexpr const char* name = "conjugate_gradient";
  enum Beta { hager_zhang, polak_ribiere };
  static constexpr const char* beta_names[] = {"hager_zhang", "polak_ribiere"};

  Beta beta = hager_zhang;
  double eta = 0.4;
  double gradient_tolerance = 1e-5;  // ends at max |g| <= this
  double loss_tolerance = 2.2e-9;    // or when f falls by at most this share of max(|f|, 1)

  friend bool operator==(const ConjugateGradient&, const ConjugateGradient&) = default;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("beta", self.beta, Choices(beta_names));
    field("eta", self.eta, at_least(0));
    field("gradient_tolerance", self.gradient_tolerance, at_least(0));
    field("loss_tolerance", self.loss_tolerance, at_least(0));
  }
};

}  // namespace fanin
