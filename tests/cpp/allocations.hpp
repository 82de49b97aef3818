// operator new of the whole program counts its calls, and can fail.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace fanin::test {

inline std::atomic<std::size_t> allocations{0};
// The allocation of this number, counted from 0, and all after it fail.
inline std::atomic<std::size_t> first_to_fail{std::numeric_limits<std::size_t>::max()};

}  // namespace fanin::test
