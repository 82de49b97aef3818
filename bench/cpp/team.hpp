// A team of threads that run the same function together, and the spin barrier they meet at.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace limits {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Threads never outnumber the processors here, so spinning without a pause is the fastest way to meet.
class SpinBarrier {
 public:
  explicit SpinBarrier(int n_threads) : n_threads_(n_threads) {}

  void wait() {
    const int phase = phase_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == n_threads_ - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      phase_.store(phase + 1, std::memory_order_release);
      return;
    }
    while (phase_.load(std::memory_order_acquire) == phase) {
    }
  }

 private:
  int n_threads_;
  alignas(128) std::atomic<int> arrived_{0};
  alignas(128) std::atomic<int> phase_{0};
};

// Keeps each thread of a team on a processor of its own for as long as the object lives. The scheduler may
// start a short team on one processor, and what two threads reach there is not the limit of two.
class Processors {
 public:
#if defined(__linux__)
  Processors() { sched_getaffinity(0, sizeof allowed_, &allowed_); }
  ~Processors() { sched_setaffinity(0, sizeof allowed_, &allowed_); }
  Processors(const Processors&) = delete;
  Processors& operator=(const Processors&) = delete;

  void keep(int thread) const {
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (!CPU_ISSET(processor, &allowed_) || thread-- > 0) continue;
      cpu_set_t own;
      CPU_ZERO(&own);
      CPU_SET(processor, &own);
      sched_setaffinity(0, sizeof own, &own);
      return;
    }
  }

 private:
  cpu_set_t allowed_;
#else
  void keep(int) const {}
#endif
};

// Seconds that a team needs for work(thread, repeats), from a common start to the last thread's end.
template <class Work>
double team_seconds(int n_threads, long repeats, const Work& work) {
  const Processors processors;
  SpinBarrier barrier(n_threads);
  double seconds = 0;
  const auto member = [&](int thread) {
    if (n_threads > 1) processors.keep(thread);
    barrier.wait();
    const double start = now();
    work(thread, repeats);
    barrier.wait();
    if (thread == 0) seconds = now() - start;
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < n_threads; ++thread) others.emplace_back(member, thread);
  member(0);
  for (std::thread& other : others) other.join();
  return seconds;
}

// Seconds of one repeat, the best of several trials: a limit is what the machine can do undisturbed.
template <class Work>
double best_seconds(int n_threads, double trial_seconds, int trials, const Work& work) {
  // Another program may stretch a trial, whose repeats then seem enough although barriers take most of the
  // time: every trial that is too short doubles them again.
  double best = 0;
  for (long repeats = 1, trial = 0; trial < trials;) {
    const double seconds = team_seconds(n_threads, repeats, work);
    if (seconds < trial_seconds) {
      repeats *= 2;
      trial = 0;
      continue;
    }
    const double one = seconds / static_cast<double>(repeats);
    best = trial++ == 0 ? one : std::min(best, one);
  }
  return best;
}

}  // namespace limits
