// Whether a team or one thread does the next steps of a training, by what steps have taken: either gives the
// same bits.
//
// A team is slower where the processors are busy with something else, so that its barriers take time slices,
// or where two of them are one core. Neither can be asked for, and both come and go: so from time to time the
// other way is tried for a millisecond.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "team/retreat.hpp"

namespace fanin {

class Pace {
 public:
  explicit Pace(double seconds_between_trials = 0.5) : trials_apart_(seconds_between_trials) {}

  // Threads for a slice of steps that begins now: those of a team, or one
  int begin(int team, double now) {
    start_ = now;
    trial_ = now >= next_trial_;
    together_ = team > 1 && better_together_ != trial_;
    return together_ ? team : 1;
  }

  // Whether one more step is the last of the slice. `waited` seconds is what a thread of it has waited so
  // far.
  bool time_is_up(double waited, std::size_t steps, double now) {
    const double elapsed = now - start_;
    const bool known = steps >= kStepsToJudge || waited > kLongWait;
    stuck_ = together_ && known && waited > kWaitingShare * elapsed;
    const double step = std::min(seconds_[together_], seconds_[!together_]);
    const double seconds = elapsed + (step < kUnknown ? step : 0);  // after it
    return stuck_ || seconds > (trial_ ? kTrialSeconds : kSliceSeconds) || (!trial_ && now >= next_trial_);
  }

  // Of the slice that has begun, at most
  double seconds() const { return trial_ ? kTrialSeconds : kSliceSeconds; }

  void end(std::size_t steps, double now) {
    if (steps == 0) return;
    const double elapsed = now - start_;
    double& mine = seconds_[together_];
    const double other = seconds_[!together_];
    mine = elapsed / static_cast<double>(steps);
    if (stuck_) {
      stay_alone(now, elapsed);
    } else if (trial_ && together_) {
      mine < kClearly* other ? stay_together(now, elapsed) : stay_alone(now, elapsed);
    } else if (trial_) {
      mine < kClearly* other ? stay_alone(now, elapsed) : stay_together(now, elapsed);
    } else if (together_) {
      retreat_.went_well(elapsed);
      if (next_trial_ == kUnknown) next_trial_ = now + trials_apart_;
    }
  }

 private:
  // A parallel region ends after this long, so that the caller can be asked whether to go on.
  static constexpr double kSliceSeconds = 0.05, kTrialSeconds = 0.001;
  static constexpr double kWaitingShare = 0.5;
  static constexpr std::size_t kStepsToJudge = 4;
  static constexpr double kLongWait = 2e-3;  // no need for that many steps
  static constexpr double kShareOfTrials = 0.01;
  static constexpr double kLeastSecondsAlone = 0.01, kMostSecondsAlone = 3.2, kMuchMore = 16;
  static constexpr double kClearly = 0.95;
  static constexpr double kUnknown = std::numeric_limits<double>::infinity();

  void stay_alone(double now, double of_slice) {
    better_together_ = false;
    retreat_.begin(now, of_slice);
    next_trial_ = retreat_.until();
  }
  void stay_together(double now, double of_trial) {
    better_together_ = true;
    next_trial_ = now + std::max(trials_apart_, of_trial / kShareOfTrials);
  }

  const double trials_apart_;
  Retreat retreat_{kLeastSecondsAlone, kMostSecondsAlone, kMuchMore};
  bool better_together_ = true, together_ = false, trial_ = false, stuck_ = false;
  double start_ = 0, next_trial_ = kUnknown;
  // of a step, the last time: on one thread, and on a team; at first nothing is known
  double seconds_[2] = {kUnknown, kUnknown};
};

}  // namespace fanin
