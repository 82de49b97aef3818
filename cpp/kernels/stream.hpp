// Rows of arrays larger than the caches are written around them: a store into a cache would first read what
// it replaces, and push out what is still wanted.
#pragma once

#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

// p is a multiple of the vector's size
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

// Before other threads read what this one has written around the caches
FANIN_INLINE void finish_stores_around_caches() {
#if defined(FANIN_ISA_AVX512) || defined(FANIN_ISA_AVX2)
  _mm_sfence();
#endif
}

// out[i] = f(i, lanes) for i = 0, ..., n - 1, a vector at a time
template <class T, class F>
FANIN_INLINE void write_each(T* out, std::size_t n, bool around_caches, F&& f) {
  constexpr std::size_t width = Vec<T>::width;
  std::size_t i = 0;
  if (around_caches) {
    const std::size_t beyond = reinterpret_cast<std::uintptr_t>(out) % kVectorBytes / sizeof(T);
    if (beyond > 0) {
      i = width - beyond < n ? width - beyond : n;
      const FirstLanes lanes{static_cast<int>(i)};
      lanes.store(f(std::size_t{0}, lanes), out);
    }
    for (; i + width <= n; i += width) store_around_caches(f(i, AllLanes{}), out + i);
  } else {
    for (; i + width <= n; i += width) f(i, AllLanes{}).store(out + i);
  }
  if (i < n) {
    const FirstLanes lanes{static_cast<int>(n - i)};
    lanes.store(f(i, lanes), out + i);
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
