// When a team gives way: processors that are busy with something else make its threads wait for each other by
// time slices. One thread then works alone: for a short time at first, as most neighbours are gone soon, then
// twice as long each time, as a try to work together again may cost a slice a barrier.
#pragma once

#include <algorithm>
#include <atomic>
#include <limits>

namespace fanin {

// Several threads may use one at a time: each number counts by itself.
class Retreat {
 public:
  explicit Retreat(double most_seconds) : most_seconds_(most_seconds) {}

  bool over(double now) const { return now >= until_.load(std::memory_order_relaxed); }
  double until() const { return until_.load(std::memory_order_relaxed); }

  void begin(double now) {
    const double seconds = seconds_.load(std::memory_order_relaxed);
    until_.store(now + seconds, std::memory_order_relaxed);
    seconds_.store(std::min(2 * seconds, most_seconds_), std::memory_order_relaxed);
  }
  // A team has worked well since the last retreat: after a while that is forgotten.
  void went_well(double now) {
    if (now - until() > kForgottenAfter) seconds_.store(kSeconds, std::memory_order_relaxed);
  }

 private:
  static constexpr double kSeconds = 0.01, kForgottenAfter = 0.05;
  const double most_seconds_;
  std::atomic<double> until_{-std::numeric_limits<double>::infinity()}, seconds_{kSeconds};
};

}  // namespace fanin
