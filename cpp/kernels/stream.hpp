// Rows of arrays larger than the caches are written around them: a store into a cache would first read the
// line it replaces, and evict data that are still needed.
#pragma once

#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

// p must be a multiple of the vector's size
template <class T>
FANIN_INLINE void store_around_caches(Vec<T> a, T* p) {
#if defined(FANIN_ISA_AVX512)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), reinterpret_cast<__m512i>(a.v));
#elif defined(FANIN_ISA_AVX2)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(a.v));
#else
  a.store(p);
#endif
}

// Must precede other threads' reads of what this one has written around the caches
FANIN_INLINE void finish_stores_around_caches() {
#if defined(FANIN_ISA_AVX512) || defined(FANIN_ISA_AVX2)
  _mm_sfence();
#endif
}

// out[i] = f(i, lanes) for i = 0, ..., n - 1, in whole vectors of memory
template <class T, class F>
FANIN_INLINE void write_each(T* out, std::size_t n, bool around_caches, F&& f) {
  constexpr std::size_t width = Vec<T>::width;
  const auto in_part = [&](std::size_t i, std::size_t count) {
    const FirstLanes lanes{static_cast<int>(count)};
    lanes.store(f(i, lanes), out + i);
  };
  const std::size_t before = before_vector(out);
  std::size_t i = before < n ? before : n;
  if (i > 0) in_part(0, i);
  if (around_caches) {
    for (; i + width <= n; i += width) store_around_caches(f(i, AllLanes{}), out + i);
  } else {
    for (; i + width <= n; i += width) f(i, AllLanes{}).store(out + i);
  }
  if (i < n) in_part(i, n - i);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
