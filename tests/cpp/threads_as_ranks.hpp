// Ranks that are threads of one process, for tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
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
  void start_sum(float* values, std::size_t n) noexcept override { start(values, n); }
  void start_sum(double* values, std::size_t n) noexcept override { start(values, n); }
  void wait() noexcept override {
    for (const std::function<void()>& end : begun_) end();
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
  // Until `wait` the memory is the library's: NaN is there, which must not spread or be overwritten.
  template <class T>
  void start(T* values, std::size_t n) {
    ++sums;
    begun_.emplace_back([this, values, own = std::vector<T>(values, values + n)]() mutable {
      CHECK(std::all_of(values, values + own.size(), [](T x) { return x != x; }));
      meeting_.memory[rank_] = own.data();
      meeting_.meet();
      std::fill_n(values, own.size(), T{0});
      for (const void* of_rank : meeting_.memory) {
        for (std::size_t i = 0; i < own.size(); ++i) values[i] += static_cast<const T*>(of_rank)[i];
      }
      meeting_.meet();
    });
    std::fill_n(values, n, std::numeric_limits<T>::quiet_NaN());
  }

  Meeting& meeting_;
  std::size_t rank_;
  std::vector<std::function<void()>> begun_;
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
