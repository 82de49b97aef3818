// How many threads a single call uses, and its working memory.
#pragma once

#include <cstddef>
#include <utility>

#include "base/buffer.hpp"
#include "team/call.hpp"
#include "team/limit.hpp"

namespace fanin {

inline constexpr double kTeamFlops = 1e6;  // about 5 us of work for each of two threads

// What a thread retains between calls for each member of its team, so that most calls do not wait for fresh
// pages
inline constexpr std::size_t kRetainedBytes = std::size_t{3} << 20;

// Uninitialized memory for the duration of a team's call. A call nested in another one, such as in a signal
// handler, has its own.
template <class T>
class Scratch {
 public:
  Scratch(std::size_t size, int team) : most_retained_(kRetainedBytes * static_cast<std::size_t>(team)) {
    if (size == 0) return;
    memory_ = std::move(retained());
    if (memory_.size() < size) memory_ = Buffer<T>(size, Cleared::no);
  }
  ~Scratch() {
    if (memory_.size() == 0) return;  // the first access of a thread to what it retains may allocate
    if (memory_.size() > retained().size() && memory_.size() * sizeof(T) <= most_retained_) {
      retained() = std::move(memory_);
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() const { return memory_.data(); }

 private:
  static Buffer<T>& retained() {
    thread_local Buffer<T> of_thread;
    return of_thread;
  }
  std::size_t most_retained_;
  Buffer<T> memory_;
};

inline Claim claim_for(double flops) { return Claim(flops >= kTeamFlops); }

}  // namespace fanin
