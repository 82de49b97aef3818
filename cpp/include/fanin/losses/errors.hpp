// Losses that measure the error of a number.
#pragma once

#include "fanin/losses/plain_loss.hpp"

namespace fanin {

// E = 1/2 sum_j (a_j - y_j)^2 for a row, so that the Hessian of a linear neuron is X'X / m
// (docs/textbook.md, row 10)
struct SquaredError : PlainLoss {
  static constexpr const char* name = "squared_error";
  static constexpr const char* metric = "rmse";
  static double metric_of(double mean) { return __builtin_sqrt(mean); }
  template <class V>
  static V value(V a, V y, V) {
    const V d = a - y;
    return V(0.5) * d * d;
  }
  template <class V>
  static V gradient(V a, V y, V) {
    return a - y;
  }
  template <class V>
  static V curvature(V, V, V) {
    return V(1.0);
  }
  template <class V>
  static V score(V a, V y, V) {
    const V d = a - y;
    return d * d;
  }
  static double constant(double mean, double, std::size_t) { return mean; }
};

// E = sum_j |a_j - y_j|; the gradient is the sign, and 0 where a = y
struct AbsoluteError : PlainLoss {
  static constexpr const char* name = "absolute_error";
  static constexpr const char* metric = "mae";
  static double level(std::size_t) { return 0.5; }
  template <class V>
  static V value(V a, V y, V) {
    return abs(a - y);
  }
  template <class V>
  static V gradient(V a, V y, V) {
    return select(a == y, V(0.0), copy_sign(V(1.0), a - y));
  }
  template <class V>
  static V score(V a, V y, V) {
    return abs(a - y);
  }
};

// With d = a - y: d^2 / 2 if |d| <= delta, otherwise delta (|d| - delta / 2) (Huber 1964); the gradient is d
// clipped to [-delta, delta]
struct Huber {
  static constexpr const char* name = "huber";
  static constexpr const char* metric = "mae";
  static constexpr TargetKind kind = TargetKind::targets;
  static constexpr Allowed target_range = any_number();
  double delta = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("delta", self.delta, above_0());
  }
  double parameter(std::size_t) const { return delta; }
  static double level(std::size_t) { return 0.5; }
  static double metric_of(double mean) { return mean; }
  template <class V>
  static V value(V a, V y, V delta) {
    const V d = abs(a - y);
    return select(d <= delta, V(0.5) * d * d, delta * (d - V(0.5) * delta));
  }
  template <class V>
  static V gradient(V a, V y, V delta) {
    return min(delta, max(-delta, a - y));
  }
  template <class V>
  static V curvature(V a, V y, V delta) {
    return select(abs(a - y) <= delta, V(1.0), V(0.0));
  }
  template <class V>
  static V score(V a, V y, V) {
    return abs(a - y);
  }
  template <class V>
  static V output(V a) {
    return a;
  }
};

// With d = y - a_j and level q_j: q_j d if d > 0, otherwise (q_j - 1) d (Koenker and Bassett 1978). Output j
// estimates the q_j-quantile of the single target; the gradient is -q_j or 1 - q_j, and 0 where a = y.
struct Quantile {
  static constexpr const char* name = "quantile";
  static constexpr const char* metric = "pinball";
  static constexpr TargetKind kind = TargetKind::one_target;
  static constexpr Allowed target_range = any_number();
  Numbers levels = {{0.5}, 1};  // one for each output
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("levels", self.levels, between_0_and_1());
  }
  double parameter(std::size_t j) const { return levels.value[j]; }
  double level(std::size_t j) const { return levels.value[j]; }
  static double metric_of(double mean) { return mean; }
  template <class V>
  static V value(V a, V y, V level) {
    const V d = y - a;
    return select(d > V(0.0), level * d, (level - V(1.0)) * d);
  }
  template <class V>
  static V gradient(V a, V y, V level) {
    return select(a == y, V(0.0), select(y > a, -level, V(1.0) - level));
  }
  template <class V>
  static V curvature(V, V, V) {
    return V(0.0);
  }
  template <class V>
  static V score(V a, V y, V level) {
    return value(a, y, level);
  }
  template <class V>
  static V output(V a) {
    return a;
  }
};

}  // namespace fanin
