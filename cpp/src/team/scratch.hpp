// How many threads a call by itself uses, and the memory it works in.
#pragma once

#include <cstddef>
#include <utility>

#include "base/buffer.hpp"
#include "team/call.hpp"

namespace fanin {

inline constexpr double kTeamFlops = 1e6;  // about 5 us of work for each of two threads

// What a thread keeps from call to call for each member of its team, so that most calls do not wait for fresh
// pages
inline constexpr std::size_t kKeptBytes = std::size_t{3} << 20;

// Memory for the time of a call of a team, with anything in it. A call within another one, such as in the
// handler of a signal, has its own.
template <class T>
class Scratch {
 public:
  Scratch(std::size_t size, int team) : most_kept_(kKeptBytes * static_cast<std::size_t>(team)) {
    if (size == 0) return;
    memory_ = std::move(kept());
    if (memory_.size() < size) memory_ = Buffer<T>(size, Cleared::no);
  }
  ~Scratch() {
    if (memory_.size() > kept().size() && memory_.size() * sizeof(T) <= most_kept_) {
      kept() = std::move(memory_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() const { return memory_.data(); }

 private:
  static Buffer<T>& kept() {
    thread_local Buffer<T> of_thread;
    return of_thread;
  }
  std::size_t most_kept_;
  Buffer<T> memory_;
};

inline int threads_for(double flops) { return flops < kTeamFlops ? 1 : team_size(); }

}  // namespace fanin
