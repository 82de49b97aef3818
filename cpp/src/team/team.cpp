#include "team/team.hpp"

#include <algorithm>
#include <new>
#include <thread>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fanin {
namespace {

#if defined(_OPENMP) && (defined(__unix__) || defined(__APPLE__))
// Threads that wait until this is destroyed. (Each std::thread would reserve a malloc arena.)
class Waiting {
 public:
  Waiting() = default;
  ~Waiting() {
    wait_.unlock();
    for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // Returns false if the system cannot create another thread.
  bool add() noexcept {
    try {
      threads_.reserve(threads_.size() + 1);
    } catch (const std::bad_alloc&) {
      return false;
    }
    const auto wait = [](void* mutex) -> void* {
      const std::lock_guard ended(*static_cast<std::mutex*>(mutex));
      return nullptr;
    };
    pthread_t thread;
    if (pthread_create(&thread, nullptr, wait, &mutex_) != 0) return false;
    threads_.push_back(thread);
    return true;
  }

 private:
  std::mutex mutex_;
  std::unique_lock<std::mutex> wait_{mutex_};
  std::vector<pthread_t> threads_;
};

// OpenMP terminates the process if it cannot create the threads of a team, such as beyond a container's
// limit: threads beyond this thread's last team are tried out first, at most once a second.
int available_threads(int wanted) {
  thread_local int last = 1, had = 1;
  thread_local bool limited = false;
  thread_local double next_try = 0;
  if (wanted <= last) return last = wanted;
  if (seconds_now() < next_try && (limited || wanted <= had)) return last = std::min(wanted, had);
  {
    Waiting others;
    for (had = last; had < wanted && others.add();) ++had;
    limited = had < wanted || !others.add();
  }
  // ended threads may count toward the limit for a moment
  if (limited) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  next_try = seconds_now() + 1;
  return last = had;
}
#elif defined(_OPENMP)
int available_threads(int wanted) { return wanted; }
#endif

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void run_team([[maybe_unused]] int threads, void (*body)(void*, int, int), void* context) {
#if defined(_OPENMP)
  if (threads > 1) threads = available_threads(threads);
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    {
      const FloatingPointScope modes;
      body(context, omp_get_thread_num(), omp_get_num_threads());
    }
    return;
  }
#elif defined(FANIN_STD_THREADS)
  if (threads > 1) {
    int team = 1;  // known once all threads that can be created exist
    std::mutex known;
    const auto member = [&](int thread) {
      {
        const std::lock_guard wait(known);
      }
      const FloatingPointScope modes;
      body(context, thread, team);
    };
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads));
    {
      const std::lock_guard wait(known);
      try {
        while (team < threads) {
          others.emplace_back(member, team);
          ++team;
        }
      } catch (...) {  // the system cannot create another thread
      }
    }
    member(0);
    for (std::thread& other : others) other.join();
    return;
  }
#endif
  const FloatingPointScope modes;
  body(context, 0, 1);
}

double Barrier::wait(int threads) {
  if (threads == 1) return 0;
  const std::uint32_t generation = generation_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
    arrived_.store(0, std::memory_order_relaxed);
    // Sequentially consistent: either a sleeper is counted here, or it sees the new generation. (Older
    // standard libraries lack std::atomic::wait.)
    generation_.store(generation + 1, std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_seq_cst) > 0) {
      const std::lock_guard lock(mutex_);
      awake_.notify_all();
    }
    return 0;
  }
  constexpr int short_spins = 32;  // about a microsecond of pauses: not worth reading the clock
  // A sleeping thread takes about 50 us to wake, more than most phases: others would then sleep in turn, and
  // each phase would cost a wake-up.
  constexpr double spin_seconds = 100e-6;
  for (int i = 0; i < short_spins; ++i) {
    if (generation_.load(std::memory_order_acquire) != generation) return 0;
    pause_briefly();
  }
  const double start = seconds_now();
  double now = start;
  while (generation_.load(std::memory_order_acquire) == generation) {
    if (now - start > spin_seconds) {
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      std::unique_lock lock(mutex_);
      awake_.wait(lock, [&] { return generation_.load(std::memory_order_seq_cst) != generation; });
      sleeping_.fetch_sub(1, std::memory_order_relaxed);
    } else {
      for (int i = 0; i < short_spins; ++i) pause_briefly();
    }
    now = seconds_now();
  }
  return now - start;
}

}  // namespace fanin
