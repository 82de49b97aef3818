// A replacement for the program's operator new that counts calls and can fail.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace fanin::test {

inline std::atomic<std::size_t> allocations{0};
// This allocation, counted from 0, and all later ones fail.
inline std::atomic<std::size_t> first_to_fail{std::numeric_limits<std::size_t>::max()};

}  // namespace fanin::test
