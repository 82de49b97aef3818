// Cache lines in users' memory: a vector that reaches across two takes as long as two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

template <class T>
inline constexpr std::size_t kLine = 64 / sizeof(T);

// how many elements p lies beyond the begin of its line
template <class T>
std::size_t beyond_line(const T* p) {
  return reinterpret_cast<std::uintptr_t>(p) / sizeof(T) % kLine<T>;
}

// how many elements lie before the first whole line
template <class T>
std::size_t before_line(const T* p) {
  return (kLine<T> - beyond_line(p)) % kLine<T>;
}

}  // namespace fanin
