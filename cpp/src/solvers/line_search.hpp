// Hager and Zhang's line search (2005, "A new conjugate gradient method with guaranteed descent"; 2006,
// Algorithm 851), for phi(a) = f(x + a d): it ends at the first a with
//   Wolfe:             phi(a) <= phi(0) + delta a phi'(0),         phi'(a) >= sigma phi'(0), or
//   approximate Wolfe: phi(a) <= phi(0) + epsilon |phi(0)|,
//                      (2 delta - 1) phi'(0) >= phi'(a) >= sigma phi'(0),
// whose conditions on slopes hold near a minimum too, where rounding hides differences of phi.
#pragma once

#include <vector>

#include "base/dot.hpp"
#include "fanin/minimize.hpp"

namespace fanin {

// to = a + factor b
template <class T>
void add_scaled(std::span<const T> a, double factor, std::span<const T> b, std::span<T> to) {
  const T share = static_cast<T>(factor);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = a[i] + share * b[i];
}

// A point on the line
struct OnLine {
  double at, value, slope;
};

template <class T>
class LineSearch {
 public:
  LineSearch(const Function<T>& f, std::size_t n) : f_(f), x_(n), gradient_(n) {}

  // f and its gradient at x
  double at_start(std::span<const T> x, std::span<T> gradient);
  // phi(a) alone
  double value(std::span<const T> x, std::span<const T> d, double a);
  // From x with value f along d; true if a step was found: see x(), gradient() and found()
  bool run(std::span<const T> x, double f, std::span<const T> d, double slope, double first);

  const std::vector<T>& x() const { return x_; }
  std::vector<T>& gradient() { return gradient_; }
  const OnLine& found() const { return last_; }
  std::size_t evaluations() const { return evaluations_; }  // of f so far

 private:
  // These return whether the search has ended at a point that they tried
  bool bracket(double first);
  bool secants();
  bool narrow(double at);
  bool shrink(double high, bool finite);
  bool settle();

  const OnLine& evaluate(double at);
  bool accepts(const OnLine& point) const;
  bool is_low(const OnLine& point) const { return point.value <= start_.value + allowance_; }
  bool exhausted() const;

  const Function<T>& f_;
  std::vector<T> x_, gradient_;  // of the last point tried
  std::span<const T> from_, d_;
  OnLine start_{}, low_{}, high_{}, last_{};  // low_: phi' < 0, is_low; high_: phi' >= 0
  double allowance_ = 0;
  std::size_t evaluations_ = 0, most_evaluations_ = 0;
};

}  // namespace fanin
