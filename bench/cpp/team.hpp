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
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
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

// While it lives a team of threads can be kept a processor each. Left to itself the scheduler starts some
// short teams on one processor, and what two threads reach there would be told as the limit of two.
class Processors {
 public:
#if defined(__linux__)
  Processors() { sched_getaffinity(0, sizeof allowed_, &allowed_); }
  ~Processors() { sched_setaffinity(0, sizeof allowed_, &allowed_); }
  Processors(const Processors&) = delete;
  Processors& operator=(const Processors&) = delete;

  // Keeps the calling thread on the processor that is its own among those the process may use.
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

// Runs body(thread, barrier) on n_threads threads, the calling one among them.
inline void run_team(int n_threads, const std::function<void(int, SpinBarrier&)>& body) {
  const Processors processors;
  SpinBarrier barrier(n_threads);
  std::vector<std::thread> others;
  for (int thread = 1; thread < n_threads; ++thread) {
    others.emplace_back([&, thread] {
      processors.keep(thread);
      body(thread, barrier);
    });
  }
  if (n_threads > 1) processors.keep(0);
  body(0, barrier);
  for (std::thread& other : others) other.join();
}

// Seconds that the team needs for work(thread, repeats), from a common start to the last one's end.
template <class Work>
double team_seconds(int n_threads, long repeats, const Work& work) {
  double seconds = 0;
  run_team(n_threads, [&](int thread, SpinBarrier& barrier) {
    barrier.wait();
    const double start = now();
    work(thread, repeats);
    barrier.wait();
    if (thread == 0) seconds = now() - start;
  });
  return seconds;
}

// Seconds of one repeat, the best of several trials: a limit is what the machine can do when nothing disturbs
// it.
template <class Work>
double best_seconds(int n_threads, double trial_seconds, int trials, const Work& work) {
  // A trial that a neighbour stretched makes too few repeats look enough, and then the barriers are what is
  // measured: every trial that is too short doubles them again.
  long repeats = 1;
  double best = 0;
  for (int trial = 0; trial < trials;) {
    const double seconds = team_seconds(n_threads, repeats, work);
    if (seconds < trial_seconds) {
      repeats *= 2;
      best = 0;
      trial = 0;
      continue;
    }
    const double one = seconds / static_cast<double>(repeats);
    best = trial == 0 ? one : std::min(best, one);
    ++trial;
  }
  return best;
}

}  // namespace limits
