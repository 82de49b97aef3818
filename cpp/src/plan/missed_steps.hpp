// What steps do to weights whose gradients are 0, summed up, so that a row of weights can make up for any
// number of them at once.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "fanin/rules/rule.hpp"
#include "kernels/sparse.hpp"

namespace fanin {

// After step s, a weight w moved by the slot l and divided by the slot v has at step n
//   w U(s, n) + sum over t in s + 1..n of U(t, n) rate_t l_t / (scale_t root(v_t) + epsilon_t)
// with U the product of the factors of decay, and l_t, v_t the slots times the product of `keep`. The rates
// and the products do not depend on the weight, but the divisors do. With D the divisor of the first of these
// steps and e = epsilon / D in [0, 1], step t divides by D (r_t + e (1 - r_t)), where r_t changes slowly
// from 1. So the sum is l / D times a smooth function of e, and a polynomial through its values at
// Chebyshev's nodes is as good: at most 2e-7 of a step's length off, at the first steps, and exact at e = 0,
// near which nearly all weights are.
//
// The sum of a step s gets a term at each step, until l is below rounding; averages of weights are linear in
// w and have sums likewise.
class MissedSteps {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 16;

  // `least`: what remains of l when it is negligible
  void begin(bool averages, double least);
  void add(const IdleStep& step, double undecayed, double share);
  std::size_t count() const { return weight_.size() - 1; }
  // Whether rows must make up for all steps now: divisors have changed too much for the polynomial, products
  // would underflow, or much memory would be needed
  bool full() const { return full_; }
  // Whether rows whose slots are 0 have missed nothing
  bool still() const { return still_; }

  template <class T>
  Missed<T> since(std::size_t step) const;

 private:
  // A sum of terms c at steps that do not divide, and of c / (r + e (1 - r)) for each node e; and then the
  // terms of the polynomial
  struct Sums {
    double plain = 0, at[Missed<double>::kTerms] = {};

    void scale(double factor);
    void add(const Sums& other, double factor);
    void to_polynomial();
  };
  // The sums since a step
  struct Course {
    double moved = 1, divided = 1;  // what remains of the slots
    double scale = 0, epsilon = 0;  // of the first divisor
    double ratio = 1;               // r of the next step, if constants stay the same
    Sums sums, average_sums;
    double average = 1, average_weight = 0, weight = 1;
    std::size_t end = 0;  // where the sums end; 0: they do not yet
  };
  void extend(Course& course, const IdleStep& step, double undecayed, double share) const;
  void end(Course& course);
  double kept(int slot, std::size_t since) const;

  bool averages_ = false, full_ = false, still_ = true;
  double least_ = 0;
  std::vector<Course> courses_;
  std::size_t open_ = 0;
  // Products and sums up to each step: of the factors of decay, the logarithms of `keep`, the shares that
  // averages keep, and shares of weights in averages
  std::vector<double> weight_, average_, carried_;
  std::vector<double> kept_[Missed<double>::kSlots];
  // Powers of `keep`, while it does not change
  bool constant_[Missed<double>::kSlots] = {};
  std::vector<double> powers_[Missed<double>::kSlots];
};

}  // namespace fanin
