// A team of threads that run the same function together, and the spin barrier they meet at.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

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

// Runs body(thread, barrier) on n_threads threads, the calling one among them.
inline void run_team(int n_threads, const std::function<void(int, SpinBarrier&)>& body) {
  SpinBarrier barrier(n_threads);
  std::vector<std::thread> others;
  for (int thread = 1; thread < n_threads; ++thread) {
    others.emplace_back([&body, &barrier, thread] { body(thread, barrier); });
  }
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
  long repeats = 1;
  double seconds = team_seconds(n_threads, repeats, work);
  while (seconds < trial_seconds) {
    repeats *= 2;
    seconds = team_seconds(n_threads, repeats, work);
  }
  double best = seconds / static_cast<double>(repeats);
  for (int trial = 1; trial < trials; ++trial) {
    best = std::min(best, team_seconds(n_threads, repeats, work) / static_cast<double>(repeats));
  }
  return best;
}

}  // namespace limits
