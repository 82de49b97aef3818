// One number in the place of a vector: rules and activations are instantiated on it, with the functions of
// the standard library, to compare kernels with.
#pragma once

#include <cmath>
#include <type_traits>

namespace fanin::test {

template <class T>
struct Lane {
  using Scalar = T;
  T v;

  Lane() = default;
  template <class U>
    requires std::is_arithmetic_v<U>
  Lane(U x) : v(static_cast<T>(x)) {}

  friend Lane operator+(Lane a, Lane b) { return a.v + b.v; }
  friend Lane operator-(Lane a, Lane b) { return a.v - b.v; }
  friend Lane operator-(Lane a) { return -a.v; }
  friend Lane operator*(Lane a, Lane b) { return a.v * b.v; }
  friend Lane operator/(Lane a, Lane b) { return a.v / b.v; }
  friend bool operator==(Lane a, Lane b) { return a.v == b.v; }
  friend auto operator<=>(Lane a, Lane b) { return a.v <=> b.v; }
  friend Lane select(bool mask, Lane a, Lane b) { return mask ? a : b; }
  friend Lane max(Lane a, Lane b) { return a.v > b.v ? a : b; }
  friend Lane min(Lane a, Lane b) { return a.v < b.v ? a : b; }
  friend Lane fma(Lane a, Lane b, Lane c) { return std::fma(a.v, b.v, c.v); }
  friend Lane sqrt(Lane a) { return std::sqrt(a.v); }
  friend Lane abs(Lane a) { return std::abs(a.v); }
  friend Lane copy_sign(Lane a, Lane b) { return std::copysign(a.v, b.v); }
  friend Lane exp(Lane a) { return std::exp(a.v); }
  friend Lane expm1(Lane a) { return std::expm1(a.v); }
  friend Lane log1p(Lane a) { return std::log1p(a.v); }
  friend Lane tanh(Lane a) { return std::tanh(a.v); }
  friend Lane logistic(Lane a) { return 1 / (1 + std::exp(-a.v)); }
  friend Lane normal_cdf(Lane a) { return std::erfc(-a.v / std::sqrt(T{2})) / 2; }
};

}  // namespace fanin::test
