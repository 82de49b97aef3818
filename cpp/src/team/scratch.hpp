// How many threads a call by itself uses, and the memory it works in.
#pragma once

#include <cstddef>

#include "base/buffer.hpp"
#include "team/call.hpp"

namespace fanin {

inline constexpr double kTeamFlops = 1e6;  // about 5 us of work for each of two threads

// Memory that a thread keeps from call to call, so that a call does not wait for fresh pages; what is larger
// goes back.
inline constexpr std::size_t kKeptBytes = std::size_t{64} << 20;

template <class T>
T* scratch(std::size_t size) {
  thread_local Buffer<T> kept;
  if (kept.size() < size || kept.size() * sizeof(T) > kKeptBytes) kept = Buffer<T>(size);
  return kept.data();
}

inline int threads_for(double flops) { return flops < kTeamFlops ? 1 : team_size(); }

}  // namespace fanin
