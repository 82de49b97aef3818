#include "team/pace.hpp"

#include <vector>

#include "team/team.hpp"

namespace fanin {
namespace {

struct Kind {
  double flops;
  int team;
  std::shared_ptr<Experience> experience;
};

// Whatever makes the threads wait in one kind of steps is likely to affect others, too: a new kind starts on
// one thread and soon tries a team.
void begin_like(Experience& experience, Experience& other) {
  const std::lock_guard<std::mutex> lock(other.mutex);
  if (other.better_together) return;
  experience.better_together = false;
  experience.retreat.continue_from(other.retreat);
  experience.next_trial = std::min(other.next_trial, seconds_now() + Experience::kLeastSecondsAlone);
}

}  // namespace

std::shared_ptr<Experience> experience_of(double flops, int team) {
  if (team == 1)
    return std::make_shared<Experience>();  // nothing to learn; after a fork the mutex may never be free
  constexpr std::size_t most = 32;
  static std::mutex mutex;
  static auto& kinds = *new std::vector<Kind>;  // outlives training threads; most recently used first
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const Kind& kind) { return kind.flops == flops && kind.team == team; });
  if (found != kinds.end()) {
    std::rotate(kinds.begin(), found, found + 1);
  } else {
    auto fresh = std::make_shared<Experience>();
    if (!kinds.empty()) begin_like(*fresh, *kinds.front().experience);
    if (kinds.size() == most) kinds.pop_back();
    kinds.insert(kinds.begin(), {flops, team, std::move(fresh)});
  }
  return kinds.front().experience;
}

}  // namespace fanin
