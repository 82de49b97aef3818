// Elementary functions on one vector: at most 2 ulp, and the same bits on every instruction set.
//
// They use only + - * / fma, integer additions and shifts, comparison and select. Denormals count as zero, as
// everywhere in fanin: a result that would be denormal may be 0, and log treats a denormal as 0. NaN gives
// NaN, with a sign and payload that depend on the processor. Lanes out of range are computed like the others
// and replaced at the end.
//
// Sources: range reduction, W. Cody and W. Waite, Software Manual for the Elementary Functions (1980);
// evaluation of log in s = f / (2 + f), P. Tang, ACM TOMS 16 (1990). The coefficients are weighted minimax
// fits (Remez) of the function in the comment; the error of each fit relative to the result is below 2^-26
// (float) and 2^-54 (double).
#pragma once

#include "simd.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class T>
struct Format;
template <>
struct Format<float> {
  using Unsigned = std::uint32_t;
  static constexpr int fraction_bits = 23;
  static constexpr Unsigned one = 0x3f800000, sqrt_half = 0x3f3504f3;
  static constexpr double infinity = __builtin_inff(), nan = __builtin_nanf("");
  // ln 2 in two parts; the first times any exponent is exact
  static constexpr double ln2_high = 0x1.62e4p-1, ln2_low = 0x1.7f7d1cp-20;
  static constexpr double pi_low = -0x1.777a5cp-24, erf_slope_low = -0x1.f7ac92p-25;
  // logarithms of the smallest normal and the largest number, rounded inwards
  static constexpr double ln_smallest = -0x1.5d589ep+6, ln_largest = 0x1.62e42ep+6;
  // erf rounds to 1 from here on
  static constexpr double erf_end = 3.92;
};
template <>
struct Format<double> {
  using Unsigned = std::uint64_t;
  static constexpr int fraction_bits = 52;
  static constexpr Unsigned one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd;
  static constexpr double infinity = __builtin_inf(), nan = __builtin_nan("");
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr double pi_low = 0x1.1a62633145c07p-53, erf_slope_low = 0x1.1ae3a914fed8p-56;
  static constexpr double ln_smallest = -0x1.6232bdd7abcd2p+9, ln_largest = 0x1.62e42fefa39efp+9;
  static constexpr double erf_end = 5.93;
};
// Below this an intermediate result could be denormal and so depend on the processor's mode; it is
// replaced.
inline constexpr double kTiny = 0x1p-96;

template <class T>
struct Words {
  typedef typename Format<T>::Unsigned Type __attribute__((vector_size(kVectorBytes)));
};

// The bits of a as unsigned numbers: sums wrap around and shifts fill with zeros
template <class T>
FANIN_INLINE typename Words<T>::Type words_of(Vec<T> a) {
  return reinterpret_cast<typename Words<T>::Type>(a.v);
}
template <class T>
FANIN_INLINE Vec<T> from_words(typename Words<T>::Type a) {
  return reinterpret_cast<typename Vec<T>::Native>(a);
}
template <class T>
FANIN_INLINE typename Words<T>::Type broadcast_words(typename Format<T>::Unsigned s) {
  return s - typename Words<T>::Type{};
}

// c0 + c1 x + c2 x^2 + ... by Horner's rule
template <class T>
FANIN_INLINE Vec<T> polynomial(Vec<T>, double c) {
  return Vec<T>(c);
}
template <class T, class... C>
FANIN_INLINE Vec<T> polynomial(Vec<T> x, double c, C... more) {
  return fma(polynomial(x, more...), x, Vec<T>(c));
}

// x = n ln 2 + r with |r| <= ln(2) / 2; n is stored in the position of a floating-point exponent
template <class T>
struct Reduced {
  Vec<T> r, lost;  // lost is the rounding error of r
  typename Words<T>::Type exponent;
};
template <class T>
FANIN_INLINE Reduced<T> reduce(Vec<T> x) {
  using F = Format<T>;
  constexpr double shifter = 1.5 * static_cast<double>(typename F::Unsigned{1} << F::fraction_bits);
  const Vec<T> shifted =
      fma(x, Vec<T>(0x1.71547652b82fep0), Vec<T>(shifter));  // its low bits are round(x / ln 2)
  const Vec<T> n = shifted - Vec<T>(shifter);
  const Vec<T> first = fma(n, Vec<T>(-F::ln2_high), x), r = fma(n, Vec<T>(-F::ln2_low), first);
  return {r, fma(n, Vec<T>(-F::ln2_low), first - r), words_of(shifted) << F::fraction_bits};
}
template <class T>
FANIN_INLINE Vec<T> times_power_of_2(Vec<T> a, typename Words<T>::Type exponent) {
  return from_words<T>(words_of(a) + exponent);
}

// (e^r - 1 - r) / r^2, |r| <= ln(2) / 2
FANIN_INLINE Vec<float> expm1_tail(Vec<float> r) {
  return polynomial(r, 0.5, 1.6666539e-1, 4.1666612e-2, 8.36709701e-3, 1.39173225e-3);
}
FANIN_INLINE Vec<double> expm1_tail(Vec<double> r) {
  return polynomial(r, 0.5, 1.6666666666666677e-1, 4.1666666666666699e-2, 8.3333333333216776e-3,
                    1.3888888888866928e-3, 1.9841269886045654e-4, 2.4801587360459066e-5,
                    2.7557244262200816e-6, 2.7557242795905902e-7, 2.5109026354142452e-8,
                    2.0924442608802891e-9);
}

// e^x = 2^n e^r
template <class T>
FANIN_INLINE Vec<T> exp(Vec<T> x) {
  using F = Format<T>;
  const Reduced<T> a = reduce(x);
  const Vec<T> one(1.0), e = fma(fma(expm1_tail(a.r), a.r, one), a.r, one);
  const Vec<T> y =
      select(x <= Vec<T>(F::ln_largest), times_power_of_2(e, a.exponent), x + Vec<T>(F::infinity));
  return select(x < Vec<T>(F::ln_smallest), Vec<T>(0.0), y);
}

// e^x = scale (1 + q); callers add the 1 where its rounding matters
template <class T>
struct Parts {
  Vec<T> scale, q;
};
template <class T>
FANIN_INLINE Parts<T> exp_parts(Vec<T> x, double unit = 1.0) {
  const Reduced<T> a = reduce(x);
  const Vec<T> scale = times_power_of_2(Vec<T>(unit), a.exponent), r2 = a.r * a.r, tail = expm1_tail(a.r);
  if constexpr (sizeof(T) == 4) return {scale, fma(r2, tail, a.r)};
  return {scale, a.r + fma(r2, tail, a.lost)};
}

// e^x - 1 = 2 (h - 1/2 + h q) with h = 2^(n-1), which is finite whenever the result is; x itself if x^2 is
// negligible
template <class T>
FANIN_INLINE Vec<T> expm1(Vec<T> x) {
  const Vec<T> largest(Format<T>::ln_largest + 0.25);
  const Parts<T> e = exp_parts(min(largest, max(Vec<T>(-40.0), x)), 0.5);
  const Vec<T> half = fma(e.scale, e.q, e.scale - Vec<T>(0.5));
  return select(abs(x) < Vec<T>(kTiny), x, half + half);
}

// float: tanh |x| = -(e^y - 1) / (e^y + 1) with y = -2 |x|; at most 1.96 ulp, tested for every float
FANIN_INLINE Vec<float> tanh(Vec<float> x) {
  const Parts<float> e = exp_parts(max(Vec<float>(-40.0), abs(x) * Vec<float>(-2.0)));
  const Vec<float> one(1.0);
  return copy_sign(fma(e.scale, e.q, e.scale - one) / fma(e.scale, e.q, e.scale + one), x);
}
// double: that could exceed 2 ulp. tanh |x| = a / (a + 2) with a = e^(2 |x|) - 1; the sum is exactly
// d + lost, and a r with r = 1 / d is corrected by r times its remainder a - (d + lost) a r
FANIN_INLINE Vec<double> tanh(Vec<double> x) {
  const Parts<double> e = exp_parts(min(Vec<double>(40.0), abs(x) * Vec<double>(2.0)));
  const Vec<double> one(1.0), two(2.0), a = fma(e.scale, e.q, e.scale - one), d = a + two,
                                        lost = a - (d - two);
  const Vec<double> r = one / d, y = a * r;
  return copy_sign(fma(r, fma(-y, lost, fma(-y, d, a)), y), x);
}

// 1 / (1 + e^-x); `lost` is the rounding error of the sum d, so 1 / (d + lost) = 1/d - lost / d^2
template <class T>
FANIN_INLINE Vec<T> logistic(Vec<T> x) {
  const Parts<T> e = exp_parts(max(Vec<T>(-40.0), -x));
  const Vec<T> one(1.0), d = fma(e.scale, e.q, e.scale + one), y = one / d;
  const Vec<T> lost = fma(e.scale, e.q, (e.scale - d) + one);
  return select(x < Vec<T>(Format<T>::ln_smallest), Vec<T>(0.0), fma(-(y * lost), y, y));
}

// log(1 + f) - f, sqrt(1/2) <= 1 + f < sqrt(2)
// float: -f^2/2 + f^3 P(f)
FANIN_INLINE Vec<float> log1p_tail(Vec<float> f) {
  const Vec<float> f2 = f * f;
  const Vec<float> p = polynomial(f, 3.33333164e-1, -2.50008076e-1, 2.00022861e-1, -1.66245922e-1,
                                  1.41812146e-1, -1.31284341e-1, 1.2881425e-1, -7.86017254e-2);
  return fma(f2 * f, p, f2 * Vec<float>(-0.5));
}
// double: log(1 + f) = 2 s + s R(s^2) with s = f / (2 + f) and 2 s = f - s f, so s (f^2/2 + R) - f^2/2
FANIN_INLINE Vec<double> log1p_tail(Vec<double> f) {
  const Vec<double> s = f / (Vec<double>(2.0) + f), z = s * s, half_f2 = f * f * Vec<double>(0.5);
  const Vec<double> p =
      polynomial(z, 6.6666666666667329e-1, 3.9999999999421582e-1, 2.8571428741243549e-1,
                 2.2222198662885578e-1, 1.8183560738521443e-1, 1.531412077506146e-1, 1.4795422432165406e-1);
  return fma(s, fma(z, p, half_f2), -half_f2);
}

// u = 2^k m with sqrt(1/2) <= m < sqrt(2)
template <class T>
struct Split {
  Vec<T> k, m, inverse_power;  // inverse_power = 2^-k where k < 64
};
template <class T>
FANIN_INLINE Split<T> split(Vec<T> u) {
  using F = Format<T>;
  constexpr auto ulp_of_one = typename F::Unsigned{1} << F::fraction_bits;
  const auto fraction = broadcast_words<T>(ulp_of_one - 1);
  const auto moved = words_of(u) + broadcast_words<T>(F::one - F::sqrt_half);
  const Vec<T> integers(static_cast<double>(ulp_of_one));  // numbers from here to twice this are integers
  const Vec<T> biased = from_words<T>((moved >> F::fraction_bits) + words_of(integers));
  const Vec<T> bias(static_cast<double>(ulp_of_one + (F::one >> F::fraction_bits)));
  return {biased - bias, from_words<T>((moved & fraction) + broadcast_words<T>(F::sqrt_half)),
          from_words<T>(broadcast_words<T>(2 * F::one) - (moved & ~fraction))};
}
// log u = k ln 2 + log(1 + f); u decides the special cases
template <class T>
FANIN_INLINE Vec<T> log_sum(Vec<T> u, Vec<T> k, Vec<T> f) {
  using F = Format<T>;
  const Vec<T> smallest(kSmallestNormal<T>), infinity(F::infinity);
  const Vec<T> low = f + fma(k, Vec<T>(F::ln2_low), log1p_tail(f));
  const Vec<T> y = select(u < infinity, fma(k, Vec<T>(F::ln2_high), low), u);
  return select(u <= -smallest, Vec<T>(F::nan), select(u < smallest, -infinity, y));
}

// log x = k ln 2 + log m
template <class T>
FANIN_INLINE Vec<T> log(Vec<T> x) {
  const Split<T> a = split(x);
  return log_sum(x, a.k, a.m - Vec<T>(1.0));
}

// log(1 + x) = k ln 2 + log(1 + f), 2^k from the rounded u = 1 + x, but f = 2^-k x + (2^-k - 1) from x itself
template <class T>
FANIN_INLINE Vec<T> log1p(Vec<T> x) {
  const Vec<T> one(1.0), u = x + one;
  const Split<T> a = split(u);
  const Vec<T> f = select(x < Vec<T>(0x1p60), fma(x, a.inverse_power, a.inverse_power - one), a.m - one);
  return copy_sign(log_sum(u, a.k, f), x);
}

// (sin(pi v) / v - pi) / u and (cos(pi v) - 1) / u with u = v^2, |v| <= 1/4
FANIN_INLINE Vec<float> sin_pi_tail(Vec<float> u) {
  return polynomial(u, -5.16771269, 2.55016279, -5.99206209e-1, 8.10310245e-2);
}
FANIN_INLINE Vec<double> sin_pi_tail(Vec<double> u) {
  return polynomial(u, -5.1677127800499596, 2.5501640398740308, -5.992645289761549e-1, 8.2145870161212955e-2,
                    -7.3700341870167477e-3, 4.6159392595195096e-4);
}
FANIN_INLINE Vec<float> cos_pi_tail(Vec<float> u) {
  return polynomial(u, -4.93480206, 4.05870771, -1.33505881, 2.31431633e-1);
}
FANIN_INLINE Vec<double> cos_pi_tail(Vec<double> u) {
  return polynomial(u, -4.934802200544679, 4.0587121264167507, -1.3352627688521976, 2.3533063020193037e-1,
                    -2.5806885884824889e-2, 1.9294682172616452e-3, -1.035780079968148e-4);
}

// With c = |x - 2 n|, n = round(x / 2), exactly: sin(pi (1/2 - c)), or +-cos(pi t) if an integer is at a
// distance t < 1/4. From 2^24 (float) or 2^53 (double) on all numbers are even, and the result is 1.
template <class T>
FANIN_INLINE Vec<T> cos_pi(Vec<T> x) {
  using F = Format<T>;
  constexpr double integers = static_cast<double>(typename F::Unsigned{1} << F::fraction_bits);
  const Vec<T> one(1.0), a = abs(x), n = (a * Vec<T>(0.5) + Vec<T>(integers)) - Vec<T>(integers);
  const Vec<T> c = abs(select(a < Vec<T>(2 * integers), fma(n, Vec<T>(-2.0), a), a - a));
  const Vec<T> z = Vec<T>(0.5) - c, t = min(one - c, c);
  const auto near_integer = t < Vec<T>(0.25);
  const Vec<T> v = select(near_integer, t, z), u = v * v;
  const Vec<T> sine = fma(v, Vec<T>(0x1.921fb54442d18p1), v * fma(u, sin_pi_tail(u), Vec<T>(F::pi_low)));
  return select(near_integer, copy_sign(fma(u, cos_pi_tail(u), one), z), sine);
}

// cos(pi x) and sin(pi x), 0 <= x <= 2. With x = q / 2 + v, exactly, where q is an integer and |v| <= 1/4,
// they are cos(pi v) and sin(pi v), swapped where q is odd, with signs that follow from q.
struct CosineAndSine {
  Vec<double> cosine, sine;
};
FANIN_INLINE CosineAndSine cos_and_sin_pi(Vec<double> x) {
  const Vec<double> integers(0x1p52), biased = fma(x, Vec<double>(2.0), integers);
  const Vec<double> v = fma(biased - integers, Vec<double>(-0.5), x), u = v * v;
  const Vec<double> low = fma(u, sin_pi_tail(u), Vec<double>(Format<double>::pi_low));
  const auto sine = words_of(fma(v, Vec<double>(0x1.921fb54442d18p1), v * low));
  const auto cosine = words_of(fma(u, cos_pi_tail(u), Vec<double>(1.0)));
  const auto q = words_of(biased), swap = (sine ^ cosine) & (0 - (q & 1));
  return {from_words<double>(cosine ^ swap ^ (((q + 1) & 2) << 62)),
          from_words<double>(sine ^ swap ^ ((q & 2) << 62))};
}

}  // namespace
}  // namespace fanin::FANIN_ISA
