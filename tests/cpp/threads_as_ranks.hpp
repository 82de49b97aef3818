// Ranks that are threads of one process, for tests.
#pragma once

#include <cstring>
#include <thread>
#include <vector>

#include "fanin/fanin.hpp"
#include "team/team.hpp"

namespace fanin::test {

// What the ranks share
struct Meeting {
  explicit Meeting(std::size_t n) : ranks(n), memory(n) {}
  // All ranks meet. (Threads of gcc's std::barrier for Windows may wait forever.)
  void meet() { barrier.wait(static_cast<int>(ranks)); }
  std::size_t ranks;
  Barrier barrier;
  std::vector<void*> memory;
};

class ThreadAsRank final : public Communicator {
 public:
  ThreadAsRank(Meeting& meeting, std::size_t rank) : meeting_(meeting), rank_(rank) {}
  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return meeting_.ranks; }
  void start_sum(float* values, std::size_t n) noexcept override {
    begun_.push_back({values, n, &ThreadAsRank::sum<float>});
    ++sums;
  }
  void start_sum(double* values, std::size_t n) noexcept override {
    begun_.push_back({values, n, &ThreadAsRank::sum<double>});
    ++sums;
  }
  // Only now: nobody may have read the memory in between.
  void wait() noexcept override {
    for (const Begun& sum : begun_) (this->*sum.run)(sum.values, sum.n);
    begun_.clear();
  }
  void broadcast(void* bytes, std::size_t n) noexcept override {
    meeting_.memory[rank_] = bytes;
    meeting_.meet();
    if (rank_ > 0) std::memcpy(bytes, meeting_.memory[0], n);
    meeting_.meet();
  }

  std::size_t sums = 0;  // begun so far

 private:
  struct Begun {
    void* values;
    std::size_t n;
    void (ThreadAsRank::*run)(void*, std::size_t);
  };
  template <class T>
  void sum(void* values, std::size_t n) {
    meeting_.memory[rank_] = values;
    meeting_.meet();
    std::vector<T> total(n);
    for (const void* of_rank : meeting_.memory) {
      for (std::size_t i = 0; i < n; ++i) total[i] += static_cast<const T*>(of_rank)[i];
    }
    meeting_.meet();
    std::memcpy(values, total.data(), n * sizeof(T));
  }

  Meeting& meeting_;
  std::size_t rank_;
  std::vector<Begun> begun_;
};

// f(rank) on as many threads, each with one of its own
template <class F>
void run_ranks(std::size_t n, F&& f) {
  Meeting meeting(n);
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < n; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadAsRank own(meeting, rank);
      f(own);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace fanin::test
