// a * b + c rounded once, for instruction sets without such an instruction: slow, but with the same bits.
#pragma once

#include <cstdint>

namespace fanin::FANIN_ISA {
namespace {

#if defined(__SIZEOF_FLOAT128__)
// The product is exact in the wider format. The sum is rounded to odd there, after which rounding to T gives
// what rounding once would (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
__extension__ typedef __float128 Float128;
__extension__ typedef __int128 Bits128;

template <class Wide, class WideBits, class T>
inline T fma_in(T a, T b, T c) {
  const Wide p = static_cast<Wide>(a) * static_cast<Wide>(b), z = c, sum = p + z;
  const Wide added = sum - p, lost = (p - (sum - added)) + (z - added);  // sum + lost is exact
  WideBits bits;
  __builtin_memcpy(&bits, &sum, sizeof(bits));
  const bool inexact = lost > 0 || lost < 0;  // it is NaN if a, b or c is infinite or NaN
  if (inexact && bits % 2 == 0) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  Wide odd;
  __builtin_memcpy(&odd, &bits, sizeof(odd));
  return static_cast<T>(odd);
}

inline float software_fma(float a, float b, float c) { return fma_in<double, std::int64_t>(a, b, c); }
inline double software_fma(double a, double b, double c) { return fma_in<Float128, Bits128>(a, b, c); }
#endif

#if defined(__MINGW32__)  // its C library computes fma in the 80 bits of the x87, and so rounds twice
inline float fma(float a, float b, float c) { return software_fma(a, b, c); }
inline double fma(double a, double b, double c) { return software_fma(a, b, c); }
#else
inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#endif

}  // namespace
}  // namespace fanin::FANIN_ISA
