// Schedules: a hyper-parameter as a function of the step t = 1, 2, ...; and the list of all schedules. Their
// values are the same bits everywhere, because exp, log and cos are fanin's own. A schedule is a struct with
//   name, fields(self, f), conflict()   as in an update rule
//   at(clock), largest()                its value at a step, and an upper bound of all its values
//   steps                               if it has an end: its steps, or 0 for all steps of the fit
#pragma once

#include "fanin/clock.hpp"
#include "fanin/list.hpp"
#include "fanin/math.hpp"
#include "fanin/rules/rule.hpp"
#include "fanin/variant.hpp"

namespace fanin {

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

// first * decay^((t - 1) / steps)
struct Exponential {
  static constexpr const char* name = "exponential";
  double first = 0.01;
  double decay = 0.5;
  double steps = 1000;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("first", self.first, at_least(0));
    field("decay", self.decay, between_0_and_1());
    field("steps", self.steps, at_least(1));
  }
  double largest() const { return first; }
  double at(const Clock& clock) const {
    return first * math::exp(math::log(decay) * (static_cast<double>(clock.t - 1) / steps));
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
using SimpleSchedules =
    List<Piecewise, SutskeverMomentum, Exponential, Cosine, InverseTime, OneCycle, Polynomial>;
using SimpleSchedule = decltype(variant_of(SimpleSchedules{}));

// Whether a schedule ends with the fit
template <class S>
bool spans_fit(const S& schedule) {
  if constexpr (requires { schedule.spans_fit(); }) return schedule.spans_fit();
  if constexpr (requires { schedule.steps; }) return schedule.steps == 0;
  return false;
}
// An error message if a schedule does not fit into this many steps, else null
template <class S>
const char* conflict_in(const S& schedule, double steps) {
  if constexpr (requires { schedule.conflict_in(steps); }) return schedule.conflict_in(steps);
  return nullptr;
}
inline double value_at(const SimpleSchedule& schedule, const Clock& clock) {
  return std::visit([&clock](const auto& s) { return s.at(clock); }, schedule);
}
inline double largest_of(const SimpleSchedule& schedule) {
  return std::visit([](const auto& s) { return s.largest(); }, schedule);
}
inline const char* conflict_of(const SimpleSchedule& schedule) {
  return std::visit(
      [](const auto& s) -> const char* {
        if constexpr (requires { s.conflict(); }) return s.conflict();
        return nullptr;
      },
      schedule);
}

// Before a schedule, a rise over this many steps to its first value (Goyal et al. 2017): first t / steps. If
// the schedule spans the fit, so do both together.
struct WarmUp {
  static constexpr const char* name = "warm_up";
  SimpleSchedule schedule = Cosine{};
  double steps = 100;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("schedule", self.schedule, SimpleSchedules{});
    field("steps", self.steps, at_least(1));
  }
  const char* conflict() const { return conflict_of(schedule); }
  const char* conflict_in(double all) const {
    if (!(steps < all)) return "steps: expected less than those of the fit";
    return std::visit([&](const auto& s) { return fanin::conflict_in(s, all - steps); }, schedule);
  }
  bool spans_fit() const {
    return std::visit([](const auto& s) { return fanin::spans_fit(s); }, schedule);
  }
  double largest() const { return largest_of(schedule); }
  double at(const Clock& clock) const {
    const double step = spans_fit() ? clock.in_fit : static_cast<double>(clock.t);
    const double all = clock.fit > steps ? clock.fit - steps : 1;
    if (step <= steps) return value_at(schedule, {1, 1, all}) * step / steps;
    const auto before = static_cast<std::uint64_t>(steps);
    return value_at(schedule, {clock.t > before ? clock.t - before : 1, clock.in_fit - steps, all});
  }
};

// A schedule that starts again after each cycle (Loshchilov and Hutter 2017): the first takes `period` steps,
// each later one `factor` times as many. A schedule without steps of its own spans a cycle.
struct Restarts {
  static constexpr const char* name = "restarts";
  SimpleSchedule schedule = Cosine{};
  double period = 1000;
  double factor = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("schedule", self.schedule, SimpleSchedules{});
    field("period", self.period, at_least(1));
    field("factor", self.factor, at_least(1));
  }
  const char* conflict() const {
    if (factor > 1 && factor < 1.01) return "factor: expected 1 or at least 1.01";
    if (const char* of_schedule = conflict_of(schedule)) return of_schedule;
    return std::visit(
        [&](const auto& s) { return fanin::spans_fit(s) ? fanin::conflict_in(s, period) : nullptr; },
        schedule);
  }
  bool spans_fit() const { return false; }
  double largest() const { return largest_of(schedule); }
  // Steps before cycle k = 0, 1, ...
  double start(double k) const {
    return factor == 1 ? k * period
                       : period * (power(factor, static_cast<std::uint64_t>(k)) - 1) / (factor - 1);
  }
  double at(const Clock& clock) const {
    const double before = static_cast<double>(clock.t - 1);
    double k = factor == 1
                   ? __builtin_floor(before / period)
                   : __builtin_floor(math::log(1 + before * (factor - 1) / period) / math::log(factor));
    if (k > 0 && start(k) > before) k -= 1;  // the quotient may be rounded up, or down
    if (start(k + 1) <= before) k += 1;
    const double step = __builtin_floor(before - start(k)) + 1;
    return value_at(schedule, {static_cast<std::uint64_t>(step), step, start(k + 1) - start(k)});
  }
};

using Schedules = List<Piecewise, SutskeverMomentum, Exponential, Cosine, InverseTime, OneCycle, Polynomial,
                       WarmUp, Restarts>;

}  // namespace fanin
