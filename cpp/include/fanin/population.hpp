// Several concurrent trainings.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Epochs of several trainings, of different networks, at a time. Threads take epochs in turn, each epoch on
// one thread; if there are fewer epochs than threads, those that are large enough get a team of threads. The
// bits are those of each training alone.
class Population {
 public:
  // The thread that calls `run` calls `interrupted` about every 10 ms; true stops all epochs before their
  // next updates.
  explicit Population(std::function<bool()> interrupted = {});
  ~Population();  // calls stop()
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;

  // For the TrainingOptions of its trainings, so that long steps can be interrupted too
  std::function<bool()> interrupted() const;

  // Begins an epoch of a training that must outlive it and has no epoch in progress; `number` identifies it
  // to the caller. Throws ValueError and BusyError as Training::epoch does.
  template <class T>
  [[gnu::visibility("default")]] void begin(std::size_t number, Training<T>& training, const Method& method);

  struct Ended {
    std::size_t number;
    EpochResult result;
    double seconds;            // spent on it
    std::exception_ptr error;  // such as a DivergedError: there is no result then
  };
  // Trains until at least one epoch has ended. Interruption ends all of them.
  std::vector<Ended> run();

  // Permanently ends epochs in progress where they are; waits for another thread's `run`.
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
