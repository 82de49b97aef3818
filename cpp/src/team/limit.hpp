// How many threads a call may use, and the calls of several threads that share them.
#pragma once

#include <memory>
#include <optional>

namespace fanin {

// Threads of a call that has them to itself: the number set for the calling thread or the process, or 1 after
// fork
int thread_limit();

// Threads of a call that begins now. Those of the process are divided evenly among the calls under way.
int team_size();

// One of the calls under way
class CallUnderWay {
 public:
  CallUnderWay();
  ~CallUnderWay();
  CallUnderWay(const CallUnderWay&) = delete;
  CallUnderWay& operator=(const CallUnderWay&) = delete;
};

// Held by a training between its epochs, too: they follow each other closely. A thread's trainings count as
// one call, because they take turns or share a team.
std::shared_ptr<const CallUnderWay> training_under_way();

// The threads of a single call, which is under way until this is destroyed, unless it is too small for a team
// or part of a training, such as a validation
class Claim {
 public:
  explicit Claim(bool worth_a_team);
  int threads() const { return threads_; }

 private:
  std::optional<CallUnderWay> call_;
  int threads_ = 1;
};

}  // namespace fanin
