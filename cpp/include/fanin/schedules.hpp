// Schedules made of others, and the list of all schedules.
#pragma once

#include "fanin/simple_schedules.hpp"

namespace fanin {

// Whether a schedule ends with the fit
template <class S>
bool spans_fit(const S& schedule) {
  if constexpr (requires { schedule.spans_fit(); }) {
    return schedule.spans_fit();
  } else if constexpr (requires { schedule.steps == 0; }) {
    return schedule.steps == 0;
  }
  return false;
}
// An error message if a schedule does not fit into this many steps, else null
template <class S>
const char* conflict_in(const S& schedule, double steps) {
  if constexpr (requires { schedule.conflict_in(steps); }) return schedule.conflict_in(steps);
  return nullptr;
}
// An error message if hyper-parameters contradict each other, else null
template <class S>
const char* conflict_of(const S& schedule) {
  if constexpr (requires { schedule.conflict(); }) return schedule.conflict();
  return nullptr;
}

// The same of one schedule of a list
template <class... S>
bool spans_fit(const std::variant<S...>& schedule) {
  return std::visit([](const auto& s) { return spans_fit(s); }, schedule);
}
template <class... S>
const char* conflict_in(const std::variant<S...>& schedule, double steps) {
  return std::visit([steps](const auto& s) { return conflict_in(s, steps); }, schedule);
}
template <class... S>
const char* conflict_of(const std::variant<S...>& schedule) {
  return std::visit([](const auto& s) { return conflict_of(s); }, schedule);
}
template <class... S>
double value_at(const std::variant<S...>& schedule, const Clock& clock) {
  return std::visit([&clock](const auto& s) { return s.at(clock); }, schedule);
}
template <class... S>
double largest_of(const std::variant<S...>& schedule) {
  return std::visit([](const auto& s) { return s.largest(); }, schedule);
}

// Step > 0 of a schedule inside another. If the other counts steps of a fit that time ends, they need not be
// whole: the first one may be below 1.
inline Clock within(double step, double steps) {
  return {static_cast<std::uint64_t>(__builtin_ceil(step)), step > 1 ? step : 1, steps > 1 ? steps : 1};
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
    return fanin::conflict_in(schedule, all - steps);
  }
  bool spans_fit() const { return fanin::spans_fit(schedule); }
  double largest() const { return largest_of(schedule); }
  double at(const Clock& clock) const {
    const double step = spans_fit() ? clock.in_fit : static_cast<double>(clock.t);
    const double all = clock.fit - steps;
    if (step <= steps) return value_at(schedule, within(1, all)) * step / steps;
    return value_at(schedule, within(step - steps, all));
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
    return fanin::spans_fit(schedule) ? fanin::conflict_in(schedule, period) : nullptr;
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

// Schedules that a chain can contain
using ChainableSchedules = decltype(joined(SimpleSchedules{}, List<WarmUp, Restarts>{}));
using ChainableSchedule = decltype(variant_of(ChainableSchedules{}));

// Schedules one after the other: each for its number of steps, the last one for the rest. A schedule without
// steps of its own spans its part; if it is the last one, all together span the fit. At most four, because a
// method is copied with room for all of them in each epoch.
struct Chain {
  static constexpr const char* name = "chain";
  ShortList<ChainableSchedule, 4> schedules = {{ConstantSchedule{}, Cosine{}}, 2};
  Numbers steps = {{100}, 1};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("schedules", self.schedules, ChainableSchedules{});
    field("steps", self.steps, at_least(1));
  }
  const ChainableSchedule& last() const { return schedules.value[schedules.count - 1]; }
  const char* conflict() const {
    if (schedules.count < 2) return "schedules: expected at least two schedules";
    if (steps.count + 1 != schedules.count) return "steps: expected one number fewer than schedules";
    for (std::size_t k = 0; k < steps.count; ++k) {
      const ChainableSchedule& schedule = schedules.value[k];
      if (const char* of_schedule = conflict_of(schedule)) return of_schedule;
      if (!fanin::spans_fit(schedule)) continue;
      if (const char* in_part = fanin::conflict_in(schedule, steps.value[k])) return in_part;
    }
    return conflict_of(last());
  }
  const char* conflict_in(double all) const {
    for (std::size_t k = 0; k < steps.count; ++k) all -= steps.value[k];
    return all > 0 ? fanin::conflict_in(last(), all) : "steps: expected a sum below the steps of the fit";
  }
  bool spans_fit() const { return fanin::spans_fit(last()); }
  double largest() const {
    double most = 0;
    for (std::size_t k = 0; k < schedules.count; ++k) {
      const double of_schedule = largest_of(schedules.value[k]);
      most = of_schedule > most ? of_schedule : most;
    }
    return most;
  }
  double at(const Clock& clock) const {
    double step = spans_fit() ? clock.in_fit : static_cast<double>(clock.t), rest = clock.fit;
    std::size_t k = 0;
    for (; k < steps.count && step > steps.value[k]; ++k) {
      step -= steps.value[k];
      rest -= steps.value[k];
    }
    return value_at(schedules.value[k], within(step, k < steps.count ? steps.value[k] : rest));
  }
};

using Schedules = decltype(joined(ChainableSchedules{}, List<Chain>{}));

}  // namespace fanin
