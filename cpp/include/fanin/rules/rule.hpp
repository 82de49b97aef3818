// The contract of an update rule. A rule is a value: a struct with
//   name                  its name in files and bindings
//   slot_names            names of the state that each weight has, in order: the letters of the equation;
//                         absent if there is none
//   learning_rate         a double, which schedules may change
//   fields(self, f)       f(name, number, allowed range), f(name, flag) or f(name, choice, names) for each
//                         hyper-parameter, in the order of the Python dataclass
//   Constants             what a step needs, in double: a trivially copyable struct
//   begin(moment)         the Constants of a step, computed once
//   step(c, g, w, slot)   the change of w for gradient g. The arguments are of a type V, a vector of any
//                         width; slot points to one V for each name. V can be made from a double and has
//                         + - * /, comparisons that give masks, select(mask, a, b), fma(a, b, c) = a b + c,
//                         sqrt, abs, min, max, copy_sign, and sign, bounded, squared and ratio from below.
//                         Its values cannot be branched on.
// A gradient of zero must not change a weight of zero with fresh slots: padding lanes rely on it.
// A rule may also have
//   conflict()            an error message if hyper-parameters contradict each other, else null
//   initial(slot)         what a slot holds before the first step, instead of 0
//   weight_decay          a double, decoupled from the gradient: it is applied around the rule
//   Constants::own_decay  a number, 0 from `begin`: then step(c, g, w, slot) applies all decay of the array,
//                         and nothing decays around the rule
//   momentum_to_schedule() a reference to the hyper-parameter that a schedule of the momentum changes
//   forms, form()         the number of variants, each a loop without branches that calls step<form>;
//                         Constants::form selects one
//   uses(form, slot)      which slots a form needs, if not all
//   needs_loss()          whether `begin` reads the loss
//   remember(moment)      a number to carry from this step to the next; memory_name is its letter
//   second_gradient       true if it needs a second gradient: shift(c, g, w, slot) gives the distance from w
//                         to where it is taken, and step(c, g, second, w, slot) receives it
//   whole_matrices        true if it steps matrices of hidden weights as a whole (src/rules/matrices.hpp), by
//                         its learning_rate and momentum; its step is for all other arrays, with
//                         other_rate(moment) as the rate that scales their decay. Whether the last array of
//                         weights is one of the others: adam_output
//   idle(c)               the IdleStep of a step: then weights of sparse inputs that a batch does not
//                         meet are left alone, and later make up for the steps that they have missed
//   looks_ahead()         whether it trains weights y, at which gradients are taken, other than the w shown
//   ahead()               how far ahead y is in the next step; y is w if it is 0
//   shown(a, y, slot)     w, with a = ahead() times the rate scale of the array
//   trained(a, w, slot)   y, when w is set, or when a new `ahead` must leave w unchanged
// The last two receive one number instead of the constants of a step: a new learning rate must not change y,
// because converting y to w and back rounds twice, and files store the number.
#pragma once

#include <cstdint>

#include "fanin/fields.hpp"

namespace fanin {

// The number of slots of each weight
template <class R>
constexpr int slot_count = [] {
  if constexpr (requires { R::slot_names; }) {
    return static_cast<int>(sizeof(R::slot_names) / sizeof(R::slot_names[0]));
  }
  return 0;
}();

// The place of R in the list of rules; rules/all.hpp defines it
template <class R>
constexpr int rule_place();

// The step, t = 1, 2, ..., and what else its constants may depend on
struct Moment {
  std::uint64_t t;
  double memory = 0;          // what `remember` returned at the previous step
  double loss = 0;            // at the weights at which the gradient was taken
  double next_momentum = -1;  // of the next step, if a schedule changes it
  double share_of_rate = 1;   // the learning rate as a share of the largest of its schedule, for other_rate

  Moment(std::uint64_t step) : t(step) {}
  constexpr double next_momentum_or(double same) const { return next_momentum < 0 ? same : next_momentum; }
};

// What a step does to a weight whose gradient is 0. Each slot is multiplied by `keep`; then w changes by rate
// times the slot `moved_by`, over scale d + epsilon if there is a slot `divided_by`, with d that slot or its
// root. Slots are numbered as in slot_names; -1: there is none.
struct IdleStep {
  double keep[4] = {1, 1, 1, 1};
  double rate = 0, scale = 0, epsilon = 0;
  int moved_by = -1, divided_by = -1;
  bool root = false;
};

// base^n by squaring, which gives the same bits everywhere; libm's pow does not
constexpr double power(double base, std::uint64_t n) {
  double result = 1;
  for (; n != 0; n >>= 1) {
    result *= (n & 1) != 0 ? base : 1;  // a branch would be mispredicted
    base *= base;
  }
  return result;
}

template <class V>
V sign(V a) {
  return select(a > V(0.0), V(1.0), select(a < V(0.0), V(-1.0), V(0.0)));
}

// g clipped to +-2^60 (float, about 1e18) or +-2^508 (double), so that sums of its squares stay finite
template <class V>
V bounded(V g) {
  const V limit(sizeof(typename V::Scalar) == 4 ? 0x1p60 : 0x1p508);
  return min(limit, max(-limit, g));
}

// share g^2; or 0 where |g| is below 2^-55 (float, about 3e-17) or 2^-500 (double), since it may be denormal
// there, and some processors take a hundred times as long to make one
template <class V>
V squared(V share, V g) {
  const V least(sizeof(typename V::Scalar) == 4 ? 0x1p-55 : 0x1p-500);
  return select(abs(g) < least, V(0.0), share * g * g);
}

// a / b, or 0 where b is 0 because there was no gradient yet or its square underflowed
template <class V>
V ratio(V a, V b) {
  return select(b == V(0.0), V(0.0), a / b);
}

}  // namespace fanin
