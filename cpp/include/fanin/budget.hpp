// How much training a fit may take.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#pragma GCC visibility push(default)
namespace fanin {

// So many updates of the rule, and so many seconds from when this is made. Trainings that are given the same
// one spend it together, one after the other; an epoch that has begun makes at least one update.
class Budget {
 public:
  // Throws ValueError unless there is at least one step, and the seconds are finite and above 0.
  explicit Budget(std::optional<std::size_t> max_steps = {}, std::optional<double> max_seconds = {});

  std::size_t steps() const { return steps_; }  // left
  bool late() const;                            // whether the seconds have passed
  bool spent() const { return steps_ == 0 || late(); }
  void spend(std::size_t steps) { steps_ -= std::min(steps, steps_); }

 private:
  std::size_t steps_;
  double deadline_;
};

}  // namespace fanin

#pragma GCC visibility pop
