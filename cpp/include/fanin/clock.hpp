// Steps, as schedules count them.
#pragma once

#include <cstdint>

#include "fanin/fields.hpp"

namespace fanin {

// A step, t = 1, 2, ... of the rule, and where it lies in the fit: step 1 <= in_fit <= fit. Without a fit,
// far beyond its end.
struct Clock {
  std::uint64_t t;
  double in_fit = 1e18, fit = 1;

  constexpr Clock(std::uint64_t step) : t(step) {}
  constexpr Clock(std::uint64_t step, double step_in_fit, double steps)
      : t(step), in_fit(step_in_fit), fit(steps) {}
  // For a schedule with this many steps of its own, or 0
  constexpr double step(double own) const { return own == 0 ? in_fit : static_cast<double>(t); }
  constexpr double steps(double own) const { return own == 0 ? fit : own; }
};

// The range of the steps of a schedule that may span the fit: at least 1, or 0 for all steps of the fit,
// which is None in Python
struct StepsOrFit : OrNone {
  constexpr StepsOrFit() : OrNone(at_least(1)) {}
};

}  // namespace fanin
