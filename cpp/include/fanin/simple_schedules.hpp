// Schedules: a hyper-parameter as a function of the step t = 1, 2, ... Their values are the same bits
// everywhere, because exp, log and cos are fanin's own. A schedule is a struct with
//   name, fields(self, f), conflict()   as in an update rule
//   at(clock), largest()                its value at a step, and an upper bound of all its values
//   steps                               if it has an end: its steps, or 0 for all steps of the fit
//   spans_fit(), conflict_in(steps)     if these do not follow from its steps
#pragma once

#include "fanin/clock.hpp"
#include "fanin/list.hpp"
#include "fanin/math.hpp"
#include "fanin/rules/rule.hpp"
#include "fanin/variant.hpp"

namespace fanin {

// The same value at each step, for schedules made of others
struct ConstantSchedule {
  static constexpr const char* name = "constant";
  double value = 0.01;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("value", self.value, at_least(0));
  }
  double largest() const { return value; }
  double at(const Clock&) const { return value; }
};

// levels[k] for steps beyond after[k - 1]: 0.5, then 0.9 once the large gradients have disappeared
// (docs/textbook.md, row 50)
struct Piecewise {
  static constexpr const char* name = "piecewise";
  Numbers levels = {{0.5, 0.9}, 2};
  Numbers after = {{500}, 1};  // steps, ascending
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("levels", self.levels, at_least(0));
    field("after", self.after, at_least(0));
  }
  const char* conflict() const {
    if (after.count == 0 || after.count + 1 != levels.count) {
      return "after: expected one step fewer than levels, and at least one";
    }
    for (std::size_t k = 1; k < after.count; ++k) {
      if (!(after.value[k - 1] < after.value[k])) return "after: expected ascending steps";
    }
    return nullptr;
  }
  double largest() const {
    double most = levels.value[0];
    for (std::size_t k = 1; k < levels.count; ++k) most = levels.value[k] > most ? levels.value[k] : most;
    return most;
  }
  double at(const Clock& clock) const {
    std::size_t k = 0;
    while (k != after.count && static_cast<double>(clock.t) > after.value[k]) ++k;
    return levels.value[k];
  }
};

// Sutskever et al. 2013, section 3: min(1 - 2^(-1 - log2(floor(t / period) + 1)), highest), which is
// 1 - 1 / (2 (floor(t / period) + 1))
struct SutskeverMomentum {
  static constexpr const char* name = "sutskever_momentum";
  double highest = 0.99;
  double period = 250;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("highest", self.highest, from_0_below_1());
    field("period", self.period, at_least(1));
  }
  double largest() const { return highest; }
  double at(const Clock& clock) const {
    const double periods = __builtin_floor(static_cast<double>(clock.t) / period);
    const double value = 1 - 0.5 / (periods + 1);
    return value < highest ? value : highest;
  }
};

// first * decay^((t - 1) / steps); on a staircase, the exponent is rounded down
struct Exponential {
  static constexpr const char* name = "exponential";
  double first = 0.01;
  double decay = 0.5;
  double steps = 1000;
  bool staircase = false;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("first", self.first, at_least(0));
    field("decay", self.decay, between_0_and_1());
    field("steps", self.steps, at_least(1));
    field("staircase", self.staircase);
  }
  double largest() const { return first; }
  double at(const Clock& clock) const {
    const double times = static_cast<double>(clock.t - 1) / steps;
    return first * math::exp(math::log(decay) * (staircase ? __builtin_floor(times) : times));
  }
};

// From first to last along half a cosine wave (Loshchilov and Hutter 2017, without restarts), after a linear
// warm-up over warm_up steps (Goyal et al. 2017):
//   last + (first - last) (1 + cos(pi u)) / 2,   u = (t - 1 - warm_up) / (steps - warm_up), at most 1
struct Cosine {
  static constexpr const char* name = "cosine";
  double first = 0.01;
  double last = 0;
  double steps = 0;
  double warm_up = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("first", self.first, at_least(0));
    field("last", self.last, at_least(0));
    field("steps", self.steps, StepsOrFit());
    field("warm_up", self.warm_up, at_least(0));
  }
  const char* conflict() const { return steps == 0 ? nullptr : conflict_in(steps); }
  const char* conflict_in(double all) const {
    return warm_up < all ? nullptr : "warm_up: expected less than steps";
  }
  double largest() const { return first > last ? first : last; }
  double at(const Clock& clock) const {
    const double step = clock.step(steps);
    if (step <= warm_up) return first * step / warm_up;
    const double u = (step - 1 - warm_up) / (clock.steps(steps) - warm_up);
    return u >= 0 && u < 1 ? last + (first - last) * (1 + math::cos_pi(u)) / 2 : last;
  }
};

// first / (1 + (t - 1) / steps)^power: Robbins and Monro's conditions hold for 1/2 < power <= 1
struct InverseTime {
  static constexpr const char* name = "inverse_time";
  double first = 0.01;
  double steps = 1000;
  double power = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("first", self.first, at_least(0));
    field("steps", self.steps, at_least(1));
    field("power", self.power, from_0_to_1());
  }
  double largest() const { return first; }
  double at(const Clock& clock) const {
    return first * math::exp(-power * math::log(1 + static_cast<double>(clock.t - 1) / steps));
  }
};

// One cycle (Smith and Topin 2019) in two phases, each half a cosine wave, as in PyTorch. With
// first = peak / start, last = first / end and r = warm * steps,
//   peak + (first - peak) (1 + cos(pi u)) / 2,  u = (t - 1) / (r - 1)        for t < r
//   last + (peak - last) (1 + cos(pi u)) / 2,   u = (t - r) / (steps - r)    up to t = steps, then last
struct OneCycle {
  static constexpr const char* name = "one_cycle";
  double peak = 0.01;
  double steps = 0;
  double warm = 0.3;
  double start = 25;
  double end = 1e4;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("peak", self.peak, at_least(0));
    field("steps", self.steps, StepsOrFit());
    field("warm", self.warm, from_0_below_1());
    field("start", self.start, above_0());
    field("end", self.end, above_0());
  }
  double first() const { return peak / start; }
  double last() const { return first() / end; }
  double largest() const {
    const double higher_end = first() > last() ? first() : last();
    return peak > higher_end ? peak : higher_end;
  }
  double at(const Clock& clock) const {
    const double step = clock.step(steps), all = clock.steps(steps), rise = warm * all;
    if (step >= all) return last();
    const double value =
        step < rise ? peak + (first() - peak) * (1 + math::cos_pi((step - 1) / (rise - 1))) / 2
                    : last() + (peak - last()) * (1 + math::cos_pi((step - rise) / (all - rise))) / 2;
    return value < largest() ? value : largest();  // rounding may exceed it
  }
};

// last + (first - last) (1 - u)^power, u = (t - 1) / steps, at most 1; power 1 is linear
struct Polynomial {
  static constexpr const char* name = "polynomial";
  double first = 0.01;
  double last = 0;
  double steps = 0;
  double power = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("first", self.first, at_least(0));
    field("last", self.last, at_least(0));
    field("steps", self.steps, StepsOrFit());
    field("power", self.power, above_0());
  }
  double largest() const { return first > last ? first : last; }
  double at(const Clock& clock) const {
    const double left = 1 - (clock.step(steps) - 1) / clock.steps(steps);
    if (!(left > 0)) return last;
    return last + (first - last) * (power == 1 ? left : math::exp(power * math::log(left)));
  }
};

// Schedules that others can contain
using SimpleSchedules = List<ConstantSchedule, Piecewise, SutskeverMomentum, Exponential, Cosine, InverseTime,
                             OneCycle, Polynomial>;
using SimpleSchedule = decltype(variant_of(SimpleSchedules{}));

}  // namespace fanin
