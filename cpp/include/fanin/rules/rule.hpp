// What every update rule is made of. A rule is a value: a struct with
//   name, slots          its name and the number of state arrays a weight needs
//   slot_names           their names, in order: the letters of the equation; absent where there are no slots
//   fields(self, f)      f(name, value, allowed range) for each hyper-parameter, in the dataclass's order;
//                        f(name, value, names) for a choice, f(name, value) for yes or no
//   begin(moment)        the constants of a step, computed once in double
//   step(c, g, w, slot)  the change of w for gradient g, on one vector of any width
// A gradient of zero on fresh slots and a weight of zero must change nothing: padding lanes rely on it.
// Where a rule needs more, it also has
//   conflict()           a sentence where hyper-parameters do not go together, else null
//   initial(slot)        what a slot holds before the first step; 0 without
//   forms, form()        so many loops, each without a branch: step<form>; Constants::form says which it is
//   uses(form, slot)     where forms need different slots
//   needs_loss()         whether `begin` reads the loss
//   remember(moment)     one number to keep from this step to the next; memory_name is its letter
//   shift(c, g, w, slot) where from w a second gradient is wanted; step(c, g, second, w, slot) gets it
//   looks_ahead()        whether it trains other weights y, where gradients are taken, than the w people see
//   ahead()              how far y is ahead in the step to come; where it is 0, y is w
//   shown(a, y, slot)    w, with a = ahead() times the scale of its array's rate
//   trained(a, w, slot)  y, as people set w, and another `ahead` leaves w where it is
// These two get one number, not the constants of a step: a new learning rate must leave y as it is, since y
// from w from y is rounded twice, and files keep the number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

// The values a number may take: from low to high, without an end that is open. Not-a-number is never among
// them, infinity only as a high end that is not open.
struct Allowed {
  double low, high;
  bool open_low, open_high;
};
constexpr Allowed any_number() { return {-__builtin_huge_val(), __builtin_huge_val(), true, true}; }
constexpr Allowed at_least(double low) { return {low, __builtin_huge_val(), false, true}; }
constexpr Allowed above_0() { return {0, __builtin_huge_val(), true, true}; }
constexpr Allowed above_0_or_infinity() { return {0, __builtin_huge_val(), true, false}; }
constexpr Allowed from_0_to_1() { return {0, 1, false, false}; }
constexpr Allowed from_0_below_1() { return {0, 1, false, true}; }
constexpr Allowed between_0_and_1() { return {0, 1, true, true}; }

// A short list of numbers as a hyper-parameter.
struct Numbers {
  static constexpr std::size_t most = 32;
  double value[most];
  std::size_t count;
};

// When a step is taken, t = 1, 2, ..., and what else its constants may depend on
struct Moment {
  std::uint64_t t;
  double memory = 0;          // what `remember` gave at the step before
  double loss = 0;            // at the weights the gradient was taken at
  double next_momentum = -1;  // of the step to come, where a schedule will change it

  Moment(std::uint64_t step) : t(step) {}
  constexpr double next_momentum_or(double same) const { return next_momentum < 0 ? same : next_momentum; }
};

// base^n by squaring: the same bits everywhere, where libm's pow is not
constexpr double power(double base, std::uint64_t n) {
  double result = 1;
  for (; n != 0; n >>= 1) {
    if ((n & 1) != 0) result *= base;
    base *= base;
  }
  return result;
}

template <class V>
V sign(V a) {
  return select(a > V(0.0), V(1.0), select(a < V(0.0), V(-1.0), V(0.0)));
}

// g, as far as sums of its square stay finite: beyond 2^60 (float, about 1e18) or 2^508 (double) only the
// sign counts
template <class V>
V bounded(V g) {
  const V limit(sizeof(typename V::Scalar) == 4 ? 0x1p60 : 0x1p508);
  return min(limit, max(-limit, g));
}

// a / b, and 0 where b is 0: no gradient so far, or one whose square is too small for a number
template <class V>
V ratio(V a, V b) {
  return select(b == V(0.0), V(0.0), a / b);
}

}  // namespace fanin
