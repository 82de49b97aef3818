// A team of threads that run the same function together, and the spin barrier they meet at.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

// Threads never outnumber the processors here, so spinning without a pause is the fastest way to meet.
struct SpinBarrier {
  const long threads;
  alignas(128) std::atomic<long> arrived{0};

  void wait() {
    const long before = arrived.fetch_add(1), all = before - before % threads + threads;
    while (arrived.load() < all) {
    }
  }
};

// Moves this thread to the n-th processor. The scheduler may start a short team on one processor, and what
// two threads reach there is not the limit of two.
inline void move_to_processor([[maybe_unused]] int n) {
#if defined(__linux__)
  cpu_set_t allowed, own;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&own);
  for (std::size_t processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed) && n-- == 0) CPU_SET(processor, &own);
  }
  sched_setaffinity(0, sizeof own, &own);
#endif
}

// How many threads, and how long and how often something is tried on them
struct Team {
  int threads;
  double trial_seconds;
  int trials;

  // Seconds of work(thread, repeats), from a common start to the last thread's end
  template <class Work>
  double seconds(long repeats, const Work& work) const {
    using Clock = std::chrono::steady_clock;
    SpinBarrier barrier{threads};
    std::chrono::duration<double> seconds{};
    std::vector<std::thread> members;
    for (int thread = 0; thread < threads; ++thread) {
      members.emplace_back([&, thread] {
        if (threads > 1) move_to_processor(thread);
        barrier.wait();
        const Clock::time_point start = Clock::now();
        work(thread, repeats);
        barrier.wait();
        if (thread == 0) seconds = Clock::now() - start;
      });
    }
    for (std::thread& member : members) member.join();
    return seconds.count();
  }

  // Seconds of one repeat, the best of all trials: a limit is what the machine can do undisturbed. A trial
  // that is too short doubles the repeats and begins anew: another program may have stretched those before
  // it.
  template <class Work>
  double best(const Work& work) const {
    double least = 0;
    for (long repeats = 1, trial = 0; trial < trials; ++trial) {
      const double tried = seconds(repeats, work), one = tried / static_cast<double>(repeats);
      least = trial == 0 ? one : std::min(least, one);
      if (tried >= trial_seconds) continue;
      repeats *= 2;
      trial = -1;
    }
    return least;
  }

  // Another program disturbs most of many short trials, and one that it spares shows the peak.
  Team often() const { return {threads, trial_seconds / 4, 8 * trials}; }
};
