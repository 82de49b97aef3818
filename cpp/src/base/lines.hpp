// Cache lines in users' memory: a vector that straddles two takes twice as long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

template <class T>
inline constexpr std::size_t kLine = 64 / sizeof(T);

// The number of elements between the start of p's line and p
template <class T>
std::size_t beyond_line(const T* p) {
  return reinterpret_cast<std::uintptr_t>(p) / sizeof(T) % kLine<T>;
}

// The number of elements before the first whole line
template <class T>
std::size_t before_line(const T* p) {
  return (kLine<T> - beyond_line(p)) % kLine<T>;
}

}  // namespace fanin
