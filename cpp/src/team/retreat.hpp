// When a team should give way: if processors are busy with something else, its threads wait for each other by
// time slices. One thread then works alone: at first for as long as was lost, since most interference is
// brief, then twice as long each time, since another attempt may cost a time slice at each barrier.
#pragma once

#include <algorithm>
#include <atomic>
#include <limits>

#include "team/add.hpp"

namespace fanin {

// Several threads may use one at a time: each number is consistent on its own.
class Retreat {
 public:
  Retreat(double least_seconds, double most_seconds, double much_more)
      : least_(least_seconds), most_(most_seconds), much_more_(much_more) {}

  bool over(double now) const { return now >= until_.load(std::memory_order_relaxed); }
  double until() const { return until_.load(std::memory_order_relaxed); }

  // `lost` seconds were spent mostly on waiting. If much more time than that went well since the last
  // retreat, the team was worthwhile and soon returns.
  void begin(double now, double lost) {
    const bool worth_it = well_.exchange(0, std::memory_order_relaxed) > much_more_ * lost;
    const double longer = worth_it ? 0 : 2 * seconds_.load(std::memory_order_relaxed);
    const double seconds = std::clamp(std::max(lost, longer), least_, most_);
    seconds_.store(seconds, std::memory_order_relaxed);
    until_.store(now + seconds, std::memory_order_relaxed);
  }
  // Continues from the length of the last retreat of `other`
  void continue_from(const Retreat& other) {
    seconds_.store(other.seconds_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    well_.store(0, std::memory_order_relaxed);
  }
  void went_well(double seconds) { add(well_, seconds); }

 private:
  const double least_, most_, much_more_;
  std::atomic<double> until_{-std::numeric_limits<double>::infinity()}, seconds_{0};
  std::atomic<double> well_{std::numeric_limits<double>::infinity()};
};

}  // namespace fanin
