// The linear systems of Levenberg-Marquardt: (J'J + shift I) v = b.
#pragma once

#include <memory>

#include "fanin/minimize.hpp"

namespace fanin {

class DampedSystem {
 public:
  virtual ~DampedSystem() = default;
  // Returns E at x, and g = J'e
  virtual double linearize(std::span<const double> x, std::span<double> g) = 0;
  virtual double largest_diagonal() const = 0;  // of J'J
  // Whether J'J + shift I, shift > 0, is positive definite in double. The rest is about the last shift.
  virtual bool factor(double shift) = 0;
  // v = -(J'J + shift I)^-1 (g + c x), c <= shift
  virtual void step(std::span<double> v, double c, std::span<const double> x) = 0;
  // b <- (J'J + shift I)^-1 b, for a b in the span of J'
  virtual void solve(std::span<double> b) = 0;
  // n - shift tr (J'J + shift I)^-1
  virtual double effective() const = 0;
};

// J'J, n x n, or JJ' if there are fewer residuals
std::unique_ptr<DampedSystem> damped_system(SumOfSquares& f, std::size_t n);

}  // namespace fanin
