#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// Levenberg-Marquardt, for sums of squares E = sum of e_i^2, with J = de/dx, A = J'J, g = J'e:
//   (A + mu I) v = -g,  rho = (E(x) - E(x + v)) / v'(mu v - g)
//   rho > 0:  x <- x + v,  mu <- mu max(1/3, 1 - (2 rho - 1)^3),  nu <- 2
//   else:     mu <- nu mu,  nu <- 2 nu                                         (Nielsen 1999)
// from mu = damping max A_ii. With `geodesic`, steps are x + v + a/2, where (A + mu I) a = -J'f and f is the
// second derivative of e along v; they are rejected if 2|a| > 0.75 |v| (Transtrum and Sethna 2012). With
// fewer residuals than elements of x, JJ' + mu I is factored instead. x has at most 5000 elements.
//
// `bayes` (MacKay 1992; Foresee and Hagan 1997) minimizes F = beta E + alpha |x|^2. From alpha = 0, beta = 1,
// after each step, with n elements of x, N residuals and H = 2 beta A + 2 alpha I:
//   gamma = min(n - 2 alpha tr H^-1, N - 1),  alpha = gamma / (2 |x|^2),  beta = (N - gamma) / (2 E)
// where gamma is the effective number of parameters, after the first step at most N / 2. mu and the gradient
// are those of F / beta.
struct LevenbergMarquardt {
  static constexpr const char* name = "levenberg_marquardt";
  static constexpr std::size_t most = 5000;  // elements of x
  enum Regularization { none, bayes };
  static constexpr const char* regularization_names[] = {"none", "bayes"};

  Regularization regularization = none;
  bool geodesic = true;
  double damping = 1e-3;             // mu at the start, as a share of the largest A_ii
  double largest_damping = 1e10;     // ends at mu > this max(1, max A_ii)
  double gradient_tolerance = 1e-7;  // or at max |g_i| <= this, of E or of F / beta
  double settled = 1e-6;  // bayes: or when neither F nor alpha / beta changes by more than this share

  friend bool operator==(const LevenbergMarquardt&, const LevenbergMarquardt&) = default;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("regularization", self.regularization, Choices(regularization_names));
    field("geodesic", self.geodesic);
    field("damping", self.damping, above_0());
    field("largest_damping", self.largest_damping, above_0());
    field("gradient_tolerance", self.gradient_tolerance, at_least(0));
    field("settled", self.settled, at_least(0));
  }
};

}  // namespace fanin
