// How much training a fit may do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#pragma GCC visibility push(default)
namespace fanin {

// A limit on updates of the rule and on seconds, which count from construction. Trainings that share a budget
// draw on it one after the other; an epoch that has begun makes at least one update.
class Budget {
 public:
  // Throws ValueError unless max_steps is at least 1 and max_seconds is finite and above 0.
  explicit Budget(std::optional<std::size_t> max_steps = {}, std::optional<double> max_seconds = {});

  std::size_t steps() const { return steps_; }  // updates left
  bool late() const;                            // whether time is up
  bool spent() const { return steps_ == 0 || late(); }
  void spend(std::size_t steps) { steps_ -= std::min(steps, steps_); }

 private:
  std::size_t steps_;
  double deadline_;
};

}  // namespace fanin

#pragma GCC visibility pop
