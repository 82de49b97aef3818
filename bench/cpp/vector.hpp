// The widest vector of the processor this file is compiled for. The compilers' own vectors do the arithmetic:
// with -ffp-contract=fast a * b + c is one fused multiply-add where the processor has it, and without it the
// multiplication and addition that the processor can do.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>

namespace limits {

#if defined(__AVX512F__)
inline constexpr const char* kInstructionSet = "avx512";
inline constexpr std::size_t kVectorBytes = 64, kRegisters = 32;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr const char* kInstructionSet = "avx2";
inline constexpr std::size_t kVectorBytes = 32, kRegisters = 16;
#elif defined(__ARM_NEON) && defined(__aarch64__)
inline constexpr const char* kInstructionSet = "neon";
inline constexpr std::size_t kVectorBytes = 16, kRegisters = 32;
#else
inline constexpr const char* kInstructionSet = "baseline";
inline constexpr std::size_t kVectorBytes = 16, kRegisters = 16;
#endif

template <class T>
inline constexpr std::size_t kWidth = kVectorBytes / sizeof(T);

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

template <class T>
Vector<T> load(const T* p) {
  Vector<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
void store(T* p, Vector<T> v) {
  std::memcpy(p, &v, sizeof v);
}

// Unrolled, and without errno (-fno-math-errno), so that it becomes one instruction
template <class T>
Vector<T> square_root(Vector<T> v) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kWidth<T>; ++i) v[i] = std::sqrt(v[i]);
  return v;
}

}  // namespace limits
