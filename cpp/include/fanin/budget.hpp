// How much training a fit may do, and how its schedules are spread over it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "fanin/schedules.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// From update `at` of a fit (from 0), its schedules advance by 1 / steps of their length with each update;
// `done` of it lies behind.
struct Knot {
  std::size_t at;
  double done, steps;
};

// A number of updates. With the knots of an earlier fit (History::steps), schedules that span the fit take
// the values that they took there.
struct Steps {
  std::size_t count;
  std::vector<Knot> knots;

  Steps(std::size_t updates, std::vector<Knot> of_fit = {}) : count(updates), knots(std::move(of_fit)) {}
};

// A limit on updates of the rule and on seconds, which count from construction. Trainings that share a budget
// draw on it one after the other; an epoch that has begun makes at least one update.
//
// Schedules that span the fit end with it. Under a limit of time the number of updates is estimated from the
// speed so far, again and again; each estimate is a knot. The fit then ends with the schedules.
class Budget {
 public:
  // Throws ValueError unless max_steps is at least 1 and max_time is finite and above 0.
  explicit Budget(std::optional<Steps> max_steps = {}, std::optional<double> max_time = {});

  std::size_t steps() const { return std::min(left_, end_ - std::min(taken_, end_)); }  // updates left
  std::size_t taken() const { return taken_; }
  bool late() const;  // whether time is up
  bool has_deadline() const { return deadline_ < std::numeric_limits<double>::infinity(); }
  bool spent() const { return steps() == 0 || late(); }
  void spend(std::size_t steps) {
    left_ -= std::min(steps, left_);
    taken_ += steps;
  }

  // Plans schedules over the fit, unless there is a plan: over `updates`, if they are known, within the
  // limits. Returns their number if it is certain. Throws ValueError if nothing limits the fit.
  std::optional<double> plan(std::optional<std::size_t> updates);
  const std::vector<Knot>& knots() const { return knots_; }
  // Step t of the rule, which is update `number` of the fit, and later ones seen from there
  Clock clock(std::uint64_t t, std::size_t number, std::size_t later = 0) const;
  // Whether training should pause, because time is up or the plan is due to be renewed
  bool pauses() const;
  // Renews a plan that is due after `done` updates; returns whether it did.
  bool renew(std::size_t done);

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  bool adapts() const { return planned_at_ >= 0; }

  std::size_t left_, taken_ = 0;
  double start_, deadline_;
  std::vector<Knot> knots_;
  // Of a plan under a limit of time
  double planned_at_ = -1, due_at_ = 0;
  std::size_t most_ = kNone, end_ = kNone;
};

}  // namespace fanin

#pragma GCC visibility pop
