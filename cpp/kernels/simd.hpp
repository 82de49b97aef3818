// The vector type of the instruction set this file is compiled for.
//
// Arithmetic, comparison and integer operations are the compiler's own vector extensions, which are exact
// IEEE operations on every target. Only what the extensions lack is written per instruction set: fma, sqrt,
// and masked loads and stores. Everything has internal linkage, so no code for a newer instruction set can be
// merged into the copy that an older processor runs.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(FANIN_ISA_AVX512) || defined(FANIN_ISA_AVX2)
#include <immintrin.h>
#elif defined(FANIN_ISA_NEON)
#include <arm_neon.h>
#else
#include "fma.hpp"
#endif

#define FANIN_INLINE inline __attribute__((always_inline))

namespace fanin::FANIN_ISA {
namespace {

#if defined(FANIN_ISA_AVX512)
inline constexpr int kVectorBytes = 64;
#elif defined(FANIN_ISA_AVX2)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
  using type = std::int32_t;
  static constexpr type sign_bit = INT32_MIN;
};
template <>
struct IntegerOf<double> {
  using type = std::int64_t;
  static constexpr type sign_bit = INT64_MIN;
};

template <class T>
struct Vec {
  using Scalar = T;
  using Integer = typename IntegerOf<T>::type;
  typedef T Native __attribute__((vector_size(kVectorBytes)));
  typedef Integer Bits __attribute__((vector_size(kVectorBytes)));
  static constexpr int width = kVectorBytes / static_cast<int>(sizeof(T));

  Native v;

  Vec() = default;
  FANIN_INLINE Vec(Native native) : v(native) {}
  FANIN_INLINE Vec(double s) : v(static_cast<T>(s) - Native{}) {}

  static FANIN_INLINE Vec load(const T* p) {
    Vec r;
    __builtin_memcpy(&r.v, p, sizeof(r.v));
    return r;
  }
  FANIN_INLINE void store(T* p) const { __builtin_memcpy(p, &v, sizeof(v)); }

  friend FANIN_INLINE Vec operator+(Vec a, Vec b) { return a.v + b.v; }
  friend FANIN_INLINE Vec operator-(Vec a, Vec b) { return a.v - b.v; }
  friend FANIN_INLINE Vec operator*(Vec a, Vec b) { return a.v * b.v; }
  friend FANIN_INLINE Vec operator/(Vec a, Vec b) { return a.v / b.v; }
  friend FANIN_INLINE Vec operator-(Vec a) { return -a.v; }
  friend FANIN_INLINE Bits operator<(Vec a, Vec b) { return a.v < b.v; }
  friend FANIN_INLINE Bits operator>(Vec a, Vec b) { return a.v > b.v; }
  friend FANIN_INLINE Bits operator<=(Vec a, Vec b) { return a.v <= b.v; }
  friend FANIN_INLINE Bits operator>=(Vec a, Vec b) { return a.v >= b.v; }
  friend FANIN_INLINE Bits operator==(Vec a, Vec b) { return a.v == b.v; }

  // mask ? a : b in each lane; the lanes of a mask are all ones or all zeros
  friend FANIN_INLINE Vec select(Bits mask, Vec a, Vec b) { return mask ? a.v : b.v; }
  // a if a > b, else b: a NaN in a gives b, on every instruction set. If an operand is constant, compilers do
  // not recognize that a single instruction does this.
#if defined(FANIN_ISA_AVX512)
  friend FANIN_INLINE Vec max(Vec a, Vec b) {
    if constexpr (sizeof(T) == 4) return _mm512_max_ps(a.v, b.v);
    if constexpr (sizeof(T) == 8) return _mm512_max_pd(a.v, b.v);
  }
  friend FANIN_INLINE Vec min(Vec a, Vec b) {
    if constexpr (sizeof(T) == 4) return _mm512_min_ps(a.v, b.v);
    if constexpr (sizeof(T) == 8) return _mm512_min_pd(a.v, b.v);
  }
#elif defined(FANIN_ISA_AVX2)
  friend FANIN_INLINE Vec max(Vec a, Vec b) {
    if constexpr (sizeof(T) == 4) return _mm256_max_ps(a.v, b.v);
    if constexpr (sizeof(T) == 8) return _mm256_max_pd(a.v, b.v);
  }
  friend FANIN_INLINE Vec min(Vec a, Vec b) {
    if constexpr (sizeof(T) == 4) return _mm256_min_ps(a.v, b.v);
    if constexpr (sizeof(T) == 8) return _mm256_min_pd(a.v, b.v);
  }
#else
  friend FANIN_INLINE Vec max(Vec a, Vec b) { return a.v > b.v ? a.v : b.v; }
  friend FANIN_INLINE Vec min(Vec a, Vec b) { return a.v < b.v ? a.v : b.v; }
#endif
};

// Unsigned 64-bit numbers, for random numbers
typedef std::uint64_t Counters __attribute__((vector_size(kVectorBytes)));

template <class V>
FANIN_INLINE typename V::Bits bits_of(V a) {
  return reinterpret_cast<typename V::Bits>(a.v);
}
template <class V>
FANIN_INLINE V from_bits(typename V::Bits a) {
  return reinterpret_cast<typename V::Native>(a);
}
template <class V>
FANIN_INLINE typename V::Bits broadcast_bits(typename V::Integer s) {
  return s - typename V::Bits{};
}

template <class T>
FANIN_INLINE Vec<T> abs(Vec<T> a) {
  return from_bits<Vec<T>>(bits_of(a) & ~broadcast_bits<Vec<T>>(IntegerOf<T>::sign_bit));
}
// |magnitude| with the sign of `sign`
template <class T>
FANIN_INLINE Vec<T> copy_sign(Vec<T> magnitude, Vec<T> sign) {
  const auto mask = broadcast_bits<Vec<T>>(IntegerOf<T>::sign_bit);
  return from_bits<Vec<T>>((bits_of(magnitude) & ~mask) | (bits_of(sign) & mask));
}
template <class T>
inline constexpr T kSmallestNormal = sizeof(T) == 4 ? static_cast<T>(0x1p-126) : static_cast<T>(0x1p-1022);

FANIN_INLINE Vec<float> lane_numbers(float) {
  Vec<float> r;
  for (int i = 0; i < Vec<float>::width; ++i) r.v[i] = static_cast<float>(i);
  return r;
}
FANIN_INLINE Vec<double> lane_numbers(double) {
  Vec<double> r;
  for (int i = 0; i < Vec<double>::width; ++i) r.v[i] = i;
  return r;
}
// A mask of the first `count` lanes (count may be <= 0 or >= width)
template <class T>
FANIN_INLINE typename Vec<T>::Bits first_lanes(int count) {
  return lane_numbers(T{}) < Vec<T>(count);
}

// Whether a mask is set in all lanes
template <class T>
FANIN_INLINE bool all_lanes(typename Vec<T>::Bits mask) {
  std::uint64_t words[sizeof(mask) / sizeof(std::uint64_t)], all = ~std::uint64_t{0};
  __builtin_memcpy(words, &mask, sizeof(mask));
  for (const std::uint64_t word : words) all &= word;
  return all == ~std::uint64_t{0};
}

template <int... I>
struct Integers {};
template <int N, int... I>
struct IntegersBelow : IntegersBelow<N - 1, N - 1, I...> {};
template <int... I>
struct IntegersBelow<0, I...> {
  using type = Integers<I...>;
};
template <int N>
using FirstIntegers = typename IntegersBelow<N>::type;

// Lane i of the result is lane Index[i] of a followed by b
template <int... Index, class T>
FANIN_INLINE Vec<T> shuffle(Vec<T> a, Vec<T> b) {
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_shufflevector(a.v, b.v, Index...);
#else
  return __builtin_shuffle(a.v, b.v, typename Vec<T>::Bits{Index...});
#endif
}
template <int Distance, class T, int... I>
FANIN_INLINE Vec<T> lanes_from(Vec<T> a, Integers<I...>) {
  return shuffle<((I + Distance) % static_cast<int>(sizeof...(I)))...>(a, a);
}

#if defined(FANIN_ISA_AVX512)

FANIN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm512_fmadd_ps(a.v, b.v, c.v);
}
FANIN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm512_fmadd_pd(a.v, b.v, c.v);
}
// The products of the lower halves of 64-bit lanes
FANIN_INLINE Counters multiply_low_halves(Counters a, Counters b) {
  return reinterpret_cast<Counters>(
      _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
FANIN_INLINE Vec<float> sqrt(Vec<float> a) { return _mm512_sqrt_ps(a.v); }
FANIN_INLINE Vec<double> sqrt(Vec<double> a) { return _mm512_sqrt_pd(a.v); }

#elif defined(FANIN_ISA_AVX2)

FANIN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm256_fmadd_ps(a.v, b.v, c.v);
}
FANIN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm256_fmadd_pd(a.v, b.v, c.v);
}
FANIN_INLINE Counters multiply_low_halves(Counters a, Counters b) {
  return reinterpret_cast<Counters>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}
FANIN_INLINE Vec<float> sqrt(Vec<float> a) { return _mm256_sqrt_ps(a.v); }
FANIN_INLINE Vec<double> sqrt(Vec<double> a) { return _mm256_sqrt_pd(a.v); }

#else

FANIN_INLINE Counters multiply_low_halves(Counters a, Counters b) {
  return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
}

#if defined(FANIN_ISA_NEON)

FANIN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return vfmaq_f32(c.v, a.v, b.v); }
FANIN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return vfmaq_f64(c.v, a.v, b.v); }
FANIN_INLINE Vec<float> sqrt(Vec<float> a) { return vsqrtq_f32(a.v); }
FANIN_INLINE Vec<double> sqrt(Vec<double> a) { return vsqrtq_f64(a.v); }

#else

FANIN_INLINE float sqrt(float a) { return __builtin_sqrtf(a); }
FANIN_INLINE double sqrt(double a) { return __builtin_sqrt(a); }
template <class T>
__attribute__((noinline)) Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  for (int i = 0; i < Vec<T>::width; ++i) c.v[i] = fma(a.v[i], b.v[i], c.v[i]);
  return c;
}
template <class T>
FANIN_INLINE Vec<T> sqrt(Vec<T> a) {
  for (int i = 0; i < Vec<T>::width; ++i) a.v[i] = sqrt(a.v[i]);
  return a;
}

#endif
#endif

// The first n elements, 0 < n < width, and zeros. With AddressSanitizer, which does not see the memory that
// masked instructions access, they are loops.
#if defined(FANIN_ISA_AVX512) && !defined(__SANITIZE_ADDRESS__)
FANIN_INLINE Vec<float> load_partial(const float* p, int n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
FANIN_INLINE Vec<double> load_partial(const double* p, int n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
FANIN_INLINE void store_partial(Vec<float> a, float* p, int n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), a.v);
}
FANIN_INLINE void store_partial(Vec<double> a, double* p, int n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), a.v);
}
#elif defined(FANIN_ISA_AVX2) && !defined(__SANITIZE_ADDRESS__)
FANIN_INLINE Vec<float> load_partial(const float* p, int n) {
  return _mm256_maskload_ps(p, reinterpret_cast<__m256i>(first_lanes<float>(n)));
}
FANIN_INLINE Vec<double> load_partial(const double* p, int n) {
  return _mm256_maskload_pd(p, reinterpret_cast<__m256i>(first_lanes<double>(n)));
}
FANIN_INLINE void store_partial(Vec<float> a, float* p, int n) {
  _mm256_maskstore_ps(p, reinterpret_cast<__m256i>(first_lanes<float>(n)), a.v);
}
FANIN_INLINE void store_partial(Vec<double> a, double* p, int n) {
  _mm256_maskstore_pd(p, reinterpret_cast<__m256i>(first_lanes<double>(n)), a.v);
}
#else
template <class T>
FANIN_INLINE Vec<T> load_partial(const T* p, int n) {
  Vec<T> r(0.0);
  for (int i = 0; i < Vec<T>::width && i < n; ++i) r.v[i] = p[i];
  return r;
}
template <class T>
FANIN_INLINE void store_partial(Vec<T> a, T* p, int n) {
  for (int i = 0; i < Vec<T>::width && i < n; ++i) p[i] = a.v[i];
}
#endif

// A vector of the first `n` elements and zeros, for any n
template <class T>
FANIN_INLINE Vec<T> load_at_most(const T* p, std::size_t n) {
  if (n >= static_cast<std::size_t>(Vec<T>::width)) return Vec<T>::load(p);
  return n > 0 ? load_partial(p, static_cast<int>(n)) : Vec<T>(0.0);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
