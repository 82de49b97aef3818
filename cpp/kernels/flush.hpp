// Flushing of values before they are written to memory, and their sign, by masks if there are any.
#pragma once

#include "simd.hpp"

namespace fanin::FANIN_ISA {
namespace {

#if defined(FANIN_ISA_AVX512)
// mask ? a : 0, lane by lane
FANIN_INLINE Vec<float> masked(__mmask16 mask, Vec<float> a) { return _mm512_maskz_mov_ps(mask, a.v); }
FANIN_INLINE Vec<double> masked(__mmask8 mask, Vec<double> a) { return _mm512_maskz_mov_pd(mask, a.v); }
#endif

// Denormals are never written to memory: they are slow, and processors disagree about flushing them.
template <class T>
FANIN_INLINE Vec<T> flush(Vec<T> a) {
#if defined(FANIN_ISA_AVX512)
  // testing the bits of the exponent saves an instruction
  const auto exponent = reinterpret_cast<__m512i>(bits_of(Vec<T>(__builtin_inf())));
  if constexpr (sizeof(T) == 4) {
    return masked(_mm512_test_epi32_mask(reinterpret_cast<__m512i>(a.v), exponent), a);
  } else {
    return masked(_mm512_test_epi64_mask(reinterpret_cast<__m512i>(a.v), exponent), a);
  }
#else
  return select(abs(a) < Vec<T>(kSmallestNormal<T>), Vec<T>(0.0), a);
#endif
}

#if defined(FANIN_ISA_AVX512)
// -1, 0 or 1, like that of rules/rule.hpp in half as many instructions
template <class T>
FANIN_INLINE Vec<T> sign(Vec<T> a) {
  const Vec<T> one = copy_sign(Vec<T>(1.0), a);
  if constexpr (sizeof(T) == 4) {
    return masked(_mm512_cmp_ps_mask(a.v, Vec<T>(0.0).v, _CMP_NEQ_OQ), one);
  } else {
    return masked(_mm512_cmp_pd_mask(a.v, Vec<T>(0.0).v, _CMP_NEQ_OQ), one);
  }
}
#endif

}  // namespace
}  // namespace fanin::FANIN_ISA
