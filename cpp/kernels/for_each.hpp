// The loop over an array, including its tail.
#pragma once

#include "flush.hpp"
#include "simd.hpp"

namespace fanin::FANIN_ISA {
namespace {

struct AllLanes {
  template <class T>
  FANIN_INLINE Vec<T> load(const T* p) const {
    return Vec<T>::load(p);
  }
  template <class T>
  FANIN_INLINE void store(Vec<T> a, T* p) const {
    a.store(p);
  }
};

struct FirstLanes {
  int count;
  template <class T>
  FANIN_INLINE Vec<T> load(const T* p) const {
    return load_partial(p, count);
  }
  template <class T>
  FANIN_INLINE void store(Vec<T> a, T* p) const {
    store_partial(a, p, count);
  }
};

// The number of elements before the first whole vector of memory: vectors that straddle two cache lines take
// twice as long.
template <class T>
FANIN_INLINE std::size_t before_vector(const T* p) {
  constexpr std::uintptr_t bytes = kVectorBytes;
  return (bytes - reinterpret_cast<std::uintptr_t>(p) % bytes) % bytes / sizeof(T);
}

// f(i, lanes) for i = 0, width, 2 width, ...: lanes.load and lanes.store access at most n - i elements
template <class T, class F>
FANIN_INLINE void for_each(std::size_t n, F&& f) {
  constexpr std::size_t width = Vec<T>::width;
  std::size_t i = 0;
  for (; i + width <= n; i += width) f(i, AllLanes{});
  if (i < n) f(i, FirstLanes{static_cast<int>(n - i)});
}

}  // namespace
}  // namespace fanin::FANIN_ISA
