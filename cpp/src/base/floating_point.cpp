#include "base/floating_point.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fanin {

#if defined(__x86_64__)
// Reading the register is cheaper than writing it. Its low six bits are flags of past exceptions.
FloatingPointScope::FloatingPointScope() : saved_(_mm_getcsr()) {
  if ((saved_ & ~std::uint64_t{0x3F}) != 0x1F80) _mm_setcsr(0x1F80);
}
FloatingPointScope::~FloatingPointScope() {
  if (_mm_getcsr() != saved_) _mm_setcsr(static_cast<unsigned>(saved_));
}
#elif defined(__aarch64__)
FloatingPointScope::FloatingPointScope() {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}));
}
FloatingPointScope::~FloatingPointScope() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
FloatingPointScope::FloatingPointScope() : saved_(0) {}
FloatingPointScope::~FloatingPointScope() = default;
#endif

}  // namespace fanin
