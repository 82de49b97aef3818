// Decides from measured times whether a team or one thread performs the next steps of a training: both give
// the same bits.
//
// A team is slower if the processors are busy with something else, so that its barriers take time slices, or
// if two of them share a core. Neither can be queried, and both change over time, so the alternative is tried
// for a millisecond from time to time. The process remembers the outcome, so that many short trainings are as
// fast as one long one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>

#include "team/retreat.hpp"

namespace fanin {

// What steps of one kind have shown. Trainings in several threads may share it.
struct Experience {
  static constexpr double kUnknown = std::numeric_limits<double>::infinity();
  static constexpr double kLeastSecondsAlone = 0.01, kMostSecondsAlone = 3.2, kMuchMore = 16;

  std::mutex mutex;
  Retreat retreat{kLeastSecondsAlone, kMostSecondsAlone, kMuchMore};
  bool better_together = true;
  double next_trial = kUnknown;
  // the latest time of a step: on one thread, and on a team
  double seconds[2] = {kUnknown, kUnknown};
};

// The process's experience of steps of this many flops on a team of this size. A new kind starts with what
// the most recent one has shown about the machine.
std::shared_ptr<Experience> experience_of(double flops, int team);

class Pace {
 public:
  explicit Pace(std::shared_ptr<Experience> experience, double seconds_between_trials = 0.5)
      : trials_apart_(seconds_between_trials), experience_(std::move(experience)) {}

  // The number of threads for a slice of steps that begins now: the team's, or 1. The team may be smaller
  // than that of other slices.
  int begin(int team, double now) {
    const std::lock_guard<std::mutex> lock(experience_->mutex);
    const Experience& e = *experience_;
    start_ = now;
    next_trial_ = team > 1 ? e.next_trial : Experience::kUnknown;
    trial_ = now >= next_trial_ && e.seconds[e.better_together] < Experience::kUnknown;
    together_ = team > 1 && e.better_together != trial_;
    step_ = std::min(e.seconds[0], e.seconds[1]);
    return together_ ? team : 1;
  }

  // Whether one more step is the last of the slice. `waited` is the seconds one of its threads has waited so
  // far.
  bool time_is_up(double waited, std::size_t steps, double now) {
    const double elapsed = now - start_;
    const bool known = steps >= kStepsToJudge || waited > kLongWait;
    stuck_ = together_ && known && waited > kWaitingShare * elapsed;
    const double seconds = elapsed + (step_ < Experience::kUnknown ? step_ : 0);  // after it
    return stuck_ || seconds > (trial_ ? kTrialSeconds : kSliceSeconds) || (!trial_ && now >= next_trial_);
  }

  // The longest duration of the current slice
  double seconds() const { return trial_ ? kTrialSeconds : kSliceSeconds; }

  void end(std::size_t steps, double now) {
    if (steps == 0) return;
    const std::lock_guard<std::mutex> lock(experience_->mutex);
    Experience& e = *experience_;
    const double elapsed = now - start_;
    double& mine = e.seconds[together_];
    const double other = e.seconds[!together_];
    mine = elapsed / static_cast<double>(steps);
    if (stuck_) {
      stay_alone(now, elapsed);
    } else if (trial_ && together_) {
      mine < kClearly* other ? stay_together(now, elapsed) : stay_alone(now, elapsed);
    } else if (trial_) {
      mine < kClearly* other ? stay_alone(now, elapsed) : stay_together(now, elapsed);
    } else if (together_) {
      e.retreat.went_well(elapsed);
      if (e.next_trial == Experience::kUnknown) e.next_trial = now + trials_apart_;
    }
  }

 private:
  // A parallel region ends after this long, so that `interrupted` can be called.
  static constexpr double kSliceSeconds = 0.05, kTrialSeconds = 0.001;
  static constexpr double kWaitingShare = 0.5;
  static constexpr std::size_t kStepsToJudge = 4;
  static constexpr double kLongWait = 2e-3;  // enough to judge without that many steps
  static constexpr double kShareOfTrials = 0.01;
  static constexpr double kClearly = 0.95;

  void stay_alone(double now, double of_slice) {
    experience_->better_together = false;
    experience_->retreat.begin(now, of_slice);
    experience_->next_trial = experience_->retreat.until();
  }
  void stay_together(double now, double of_trial) {
    experience_->better_together = true;
    experience_->next_trial = now + std::max(trials_apart_, of_trial / kShareOfTrials);
  }

  const double trials_apart_;
  const std::shared_ptr<Experience> experience_;
  // of the current slice
  bool together_ = false, trial_ = false, stuck_ = false;
  double start_ = 0, next_trial_ = Experience::kUnknown, step_ = Experience::kUnknown;
};

}  // namespace fanin
