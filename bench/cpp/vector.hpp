// The widest vector of the processor this file is compiled for, with the few operations the limits are made
// of.
#pragma once

#include <cmath>
#include <cstring>

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace limits {

#if defined(__AVX512F__)
inline constexpr const char* kInstructionSet = "avx512";
inline constexpr int kVectorBytes = 64;
inline constexpr int kRegisters = 32;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr const char* kInstructionSet = "avx2";
inline constexpr int kVectorBytes = 32;
inline constexpr int kRegisters = 16;
#elif defined(__ARM_NEON) && defined(__aarch64__)
inline constexpr const char* kInstructionSet = "neon";
inline constexpr int kVectorBytes = 16;
inline constexpr int kRegisters = 32;
#else
inline constexpr const char* kInstructionSet = "baseline";
inline constexpr int kVectorBytes = 16;
inline constexpr int kRegisters = 16;
#endif

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  static constexpr int width = kVectorBytes / static_cast<int>(sizeof(T));
};
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
inline Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

template <class T>
inline Vector<T> load(const T* p) {
  Vector<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
inline void store(T* p, Vector<T> v) {
  std::memcpy(p, &v, sizeof v);
}

#if defined(__AVX512F__)
inline Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
// Masked with all ones: the plain form makes some compilers warn of an undefined operand.
inline Vector<float> square_root(Vector<float> a) { return _mm512_maskz_sqrt_ps(0xFFFF, a); }
inline Vector<double> square_root(Vector<double> a) { return _mm512_maskz_sqrt_pd(0xFF, a); }
#elif defined(__AVX2__) && defined(__FMA__)
inline Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
inline Vector<float> square_root(Vector<float> a) { return _mm256_sqrt_ps(a); }
inline Vector<double> square_root(Vector<double> a) { return _mm256_sqrt_pd(a); }
#elif defined(__ARM_NEON) && defined(__aarch64__)
inline Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
  return (Vector<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
inline Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
  return (Vector<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
inline Vector<float> square_root(Vector<float> a) { return (Vector<float>)vsqrtq_f32((float32x4_t)a); }
inline Vector<double> square_root(Vector<double> a) { return (Vector<double>)vsqrtq_f64((float64x2_t)a); }
#else
// Without a fused instruction a multiplication and an addition are what the processor can do.
template <class V>
inline V fma(V a, V b, V c) {
  return a * b + c;
}
template <class V>
inline V square_root(V a) {
  for (unsigned i = 0; i < sizeof(V) / sizeof(a[0]); ++i) a[i] = std::sqrt(a[i]);
  return a;
}
#endif

}  // namespace limits
