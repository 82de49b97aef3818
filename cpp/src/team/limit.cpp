#include "team/limit.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "fanin/cpu.hpp"
#include "fanin/error.hpp"
#include "team/processors.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace fanin {
namespace {

#if defined(_OPENMP) || defined(FANIN_STD_THREADS)
constexpr bool kHasTeams = true;
#else
constexpr bool kHasTeams = false;
#endif

// The processors in the affinity mask of the process
int openmp_processors() {
#if defined(_OPENMP)
  return omp_get_num_procs();
#else
  return kHasTeams ? static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U)) : 1;
#endif
}

// What OpenMP would use now: OMP_NUM_THREADS, the number of processors, or a later setting, such as
// threadpoolctl's.
int openmp_threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  const char* set = std::getenv("OMP_NUM_THREADS");
  const int n = kHasTeams && set != nullptr ? std::atoi(set) : 0;
  return n > 0 ? n : openmp_processors();
#endif
}

constexpr int kNotSet = 0;

int possible(int threads) { return kHasTeams || threads == kNotSet ? threads : 1; }

int checked_number(int n) {
  if (n >= 0 && n <= 4096) return possible(n);
  throw ValueError("num_threads: expected a number from 1 to 4096, or 0 for the default, got " +
                   std::to_string(n));
}

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

int threads_of_environment() {
  const char* wanted = std::getenv("FANIN_NUM_THREADS");
  if (!is_set(wanted)) return kNotSet;
  char* end = nullptr;
  const long n = std::strtol(wanted, &end, 10);
  if (*end != '\0' || n < 1 || n > 4096) {
    throw ValueError("FANIN_NUM_THREADS: expected a number from 1 to 4096, got \"" + std::string(wanted) +
                     "\"");
  }
  return possible(static_cast<int>(n));
}

// After fork the child has none of the parent's threads, and an OpenMP run-time may wait for them forever.
std::atomic<bool> forked{false};

struct ThreadSetting {
  std::atomic<int> threads{kNotSet};
  const int of_environment = threads_of_environment();
  const int openmp_at_first = openmp_threads();
  const bool openmp_was_told = is_set(std::getenv("OMP_NUM_THREADS"));

  ThreadSetting() {
#if defined(__unix__) || defined(__APPLE__)
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
#endif
  }

  // The number asked for, or else the smaller of FANIN_NUM_THREADS and OMP_NUM_THREADS, limited by OpenMP's
  // number if that was lowered; by default, OpenMP's number, limited by the processors unless it was set.
  int now(int asked) const {
    const int openmp = openmp_threads();
    const bool lowered = openmp < openmp_at_first, told = openmp_was_told || openmp != openmp_at_first;
    if (asked != kNotSet) return lowered ? std::min(openmp, asked) : asked;
    if (of_environment != kNotSet) {
      return lowered || openmp_was_told ? std::min(openmp, of_environment) : of_environment;
    }
    return told ? openmp : std::min({openmp, openmp_processors(), processors_of_quota()});
  }
  int of_process() const { return now(threads.load(std::memory_order_relaxed)); }
};

ThreadSetting& thread_setting() {
  static ThreadSetting setting;
  return setting;
}

thread_local int own_threads = kNotSet;

std::atomic<int> calls_under_way{0};
// The first access of a thread to an object with a destructor may allocate (gcc for Windows), so threads that
// only predict do not access it.
thread_local std::weak_ptr<const CallUnderWay> training_of_thread;
thread_local bool has_trained = false;

}  // namespace

int thread_limit() {
  if (forked.load(std::memory_order_relaxed)) return 1;
  return own_threads != kNotSet ? thread_setting().now(own_threads) : thread_setting().of_process();
}

int team_size() {
  const int limit = thread_limit(), calls = calls_under_way.load(std::memory_order_relaxed);
  return calls > 1 && limit > 1 ? std::clamp(thread_setting().of_process() / calls, 1, limit) : limit;
}

CallUnderWay::CallUnderWay() { calls_under_way.fetch_add(1, std::memory_order_relaxed); }
CallUnderWay::~CallUnderWay() { calls_under_way.fetch_sub(1, std::memory_order_relaxed); }

std::shared_ptr<const CallUnderWay> training_under_way() {
  std::shared_ptr<const CallUnderWay> call = training_of_thread.lock();
  if (call == nullptr) training_of_thread = call = std::make_shared<const CallUnderWay>();
  has_trained = true;
  return call;
}

Claim::Claim(bool worth_a_team) {
  if (!worth_a_team) return;
  if (!has_trained || training_of_thread.expired()) call_.emplace();
  threads_ = team_size();
}

namespace cpu {

bool has_openmp() {
#if defined(_OPENMP)
  return true;
#else
  return false;
#endif
}

int num_threads() { return thread_limit(); }

void set_num_threads(int n) { thread_setting().threads.store(checked_number(n), std::memory_order_relaxed); }

int set_own_num_threads(int n) { return std::exchange(own_threads, checked_number(n)); }

}  // namespace cpu
}  // namespace fanin
