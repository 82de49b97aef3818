// Several trainings side by side.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Epochs of several trainings at a time, of different networks. Threads take them in turn, each on one
// thread; where there are fewer than threads, each has a team of its own, if it is large enough for one. The
// bits are those of each training alone.
class Population {
 public:
  // `interrupted` is asked about every 10 ms by the thread that calls `run`; true stops all epochs before
  // their next updates.
  explicit Population(std::function<bool()> interrupted = {});
  ~Population();  // stops
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;

  // For the TrainingOptions of its trainings, so that long steps are interrupted too
  std::function<bool()> interrupted() const;

  // Begins an epoch, of a training that must outlive it and that has none under way; `number` is the
  // caller's name for it. Throws ValueError and BusyError as Training::epoch does.
  template <class T>
  [[gnu::visibility("default")]] void begin(std::size_t number, Training<T>& training, const Method& method);

  struct Ended {
    std::size_t number;
    EpochResult result;
    double seconds;            // spent on it
    std::exception_ptr error;  // such as a DivergedError: then there is no result
  };
  // Trains until at least one epoch has ended. All of them end where it is interrupted.
  std::vector<Ended> run();

  // Ends epochs under way where they are, for good; waits for a `run` of another thread.
  void stop();

 private:
  struct State;
  struct Member;
  template <class T>
  struct MemberOf;
  const std::shared_ptr<State> state_;
};

extern template void Population::begin(std::size_t, Training<float>&, const Method&);
extern template void Population::begin(std::size_t, Training<double>&, const Method&);

}  // namespace fanin

#pragma GCC visibility pop
