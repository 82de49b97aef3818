// How many threads a call by itself uses, and the memory it works in.
#pragma once

#include <cstddef>

#include "base/buffer.hpp"
#include "team/call.hpp"

namespace fanin {

inline constexpr double kTeamFlops = 1e6;  // about 5 us of work for each of two threads

// What a thread keeps from call to call, so that most calls do not wait for fresh pages
inline constexpr std::size_t kKeptBytes = std::size_t{2} << 20;

// Memory for the time of a call, of which a thread has one at a time
template <class T>
class Scratch {
 public:
  explicit Scratch(std::size_t size) {
    thread_local Buffer<T> kept;
    Buffer<T>& memory = size * sizeof(T) > kKeptBytes ? large_ : kept;
    if (memory.size() < size) memory = Buffer<T>(size);
    data_ = memory.data();
  }
  T* data() const { return data_; }

 private:
  Buffer<T> large_;
  T* data_;
};

inline int threads_for(double flops) { return flops < kTeamFlops ? 1 : team_size(); }

}  // namespace fanin
