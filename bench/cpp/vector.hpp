// The library's vectors, as wide as those of the processor this file is compiled for. With -ffp-contract=fast
// a * b + c is one fused multiply-add where the processor has it, and without it the multiplication and
// addition that the processor can do.
#pragma once

#define FANIN_ISA native
#if defined(__AVX512F__)
#define FANIN_ISA_AVX512
inline constexpr const char* kInstructionSet = "avx512";
inline constexpr int kRegisters = 32;
#elif defined(__AVX2__) && defined(__FMA__)
#define FANIN_ISA_AVX2
inline constexpr const char* kInstructionSet = "avx2";
inline constexpr int kRegisters = 16;
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define FANIN_ISA_NEON
inline constexpr const char* kInstructionSet = "neon";
inline constexpr int kRegisters = 32;
#else
inline constexpr const char* kInstructionSet = "baseline";
inline constexpr int kRegisters = 16;
#endif

#include "kernels/simd.hpp"
