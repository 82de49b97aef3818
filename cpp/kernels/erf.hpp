// The error function, at most 2 ulp, and the normal distribution function. Sources and rules: see math.hpp.
#pragma once

#include "math.hpp"

namespace fanin::FANIN_ISA {
namespace {

// (-log(1 - erf a) - 2 a / sqrt(pi)) / a^2, fitted for equal relative errors of erf
FANIN_INLINE Vec<float> erf_tail(Vec<float> a) {
  return polynomial(a, 6.36619508e-1, 1.02776878e-1, -1.91500057e-2, -1.65363512e-4, 1.67140481e-3,
                    -6.34936499e-4, 1.18150354e-4, -9.30437091e-6);
}
FANIN_INLINE Vec<double> erf_tail(Vec<double> a) {
  return polynomial(
      a, 6.3661977236758149e-1, 1.0277260330192887e-1, -1.912844700876987e-2, -2.0919464323642951e-4,
      1.696205946497232e-3, -5.9012306394483902e-4, 2.5868656450943981e-5, 6.4521067806649877e-5,
      -2.9788930143821506e-5, 3.5187550721035516e-6, 2.6845048395496725e-6, -1.5795461074527659e-6,
      1.9646653058670213e-7, 2.3475247298456656e-7, -1.9688881547565418e-7, 9.0974562642022723e-8,
      -3.0305341427663764e-8, 7.7771084378515472e-9, -1.5662910196758556e-9, 2.4695407460009841e-10,
      -2.9958788664971009e-11, 2.703591243860185e-12, -1.7100144225749135e-13, 6.7635306254812978e-15,
      -1.2584001184496403e-16);
}

// erf |x| = 1 - e^-p with p = -log(1 - erf |x|): one polynomial for small and large x
template <class T>
FANIN_INLINE Vec<T> erf(Vec<T> x) {
  using F = Format<T>;
  const Vec<T> a = min(Vec<T>(F::erf_end), abs(x));
  const Vec<T> low =
      select(a < Vec<T>(kTiny), Vec<T>(0.0), a * fma(a, erf_tail(a), Vec<T>(F::erf_slope_low)));
  const Parts<T> e = exp_parts(-fma(a, Vec<T>(0x1.20dd750429b6dp0), low));
  return copy_sign(fma(e.scale, e.q, e.scale - Vec<T>(1.0)), x);
}

// The standard normal distribution function, Phi(z) = (1 + erf(z / sqrt 2)) / 2
// float: Phi(-|z|) = 2^-P, so that the tail retains its digits: 6e-6 of the result down to z = -6.5, below
// which it is 0
FANIN_INLINE Vec<float> normal_cdf(Vec<float> z) {
  constexpr double end = 6.5, shifter = 0x1.8p23;
  const Vec<float> one(1.0), a = min(Vec<float>(end), abs(z));
  const Vec<float> p = polynomial(a, 1.0, 1.15110417, 4.59224173e-1, 5.24176047e-2, -6.8834897e-3,
                                  -8.58565719e-5, 3.46048643e-4, -1.07601714e-4, 2.00613104e-5,
                                  -2.50292107e-6, 2.05019389e-7, -9.99469403e-9, 2.19863096e-10);
  const Vec<float> shifted = p + Vec<float>(shifter), r = (shifted - Vec<float>(shifter)) - p;
  const Vec<float> e = polynomial(r, 1.0, 6.93147203e-1, 2.40226479e-1, 5.55033242e-2, 9.6184366e-3,
                                  1.33988881e-3, 1.53535787e-4);
  const Vec<float> power =
      from_words<float>(words_of(e) - (words_of(shifted) << Format<float>::fraction_bits));
  const Vec<float> tail = select(a < Vec<float>(end), power, Vec<float>(0.0));
  return select(z < Vec<float>(0.0), tail, one - tail);
}
FANIN_INLINE Vec<double> normal_cdf(Vec<double> z) {
  return fma(Vec<double>(0.5), erf(Vec<double>(0.7071067811865476) * z), Vec<double>(0.5));
}

}  // namespace
}  // namespace fanin::FANIN_ISA
