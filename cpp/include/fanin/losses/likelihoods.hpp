// Losses that are negative log-likelihoods of counts, positive numbers and classes.
#pragma once

#include "fanin/losses/plain_loss.hpp"

namespace fanin {

// A count y with mean e^a: E = e^a - y a, the negative log-likelihood without log y!; the prediction is e^a.
// The metric is the mean deviance 2 (y log(y / e^a) - y + e^a).
struct Poisson : PlainLoss {
  static constexpr const char* name = "poisson";
  static constexpr const char* metric = "deviance";
  static constexpr Allowed target_range = at_least(0);
  template <class V>
  static V value(V a, V y, V) {
    return exp(a) - y * a;
  }
  template <class V>
  static V gradient(V a, V y, V) {
    return exp(a) - y;
  }
  template <class V>
  static V curvature(V a, V, V) {
    return exp(a);
  }
  template <class V>
  static V score(V a, V y, V) {
    const V log_ratio = select(y <= V(0.0), V(0.0), y * (log(y) - a));
    return V(2.0) * (log_ratio - y + exp(a));
  }
  template <class V>
  static V output(V a) {
    return exp(a);
  }
  static double constant(double mean, double half_a_row, std::size_t) {
    return math::log(mean > 0 ? mean : half_a_row);
  }
};

// A positive y with mean e^a: E = y e^-a + a, the negative log-likelihood of a gamma distribution over its
// shape, without what depends on y alone (McCullagh and Nelder 1989, 8); the prediction is e^a. The metric is
// the mean deviance 2 (y / e^a - 1 - log(y / e^a)).
struct Gamma : PlainLoss {
  static constexpr const char* name = "gamma";
  static constexpr const char* metric = "deviance";
  static constexpr Allowed target_range = above_0();
  template <class V>
  static V value(V a, V y, V) {
    return y * exp(-a) + a;
  }
  template <class V>
  static V gradient(V a, V y, V) {
    return V(1.0) - y * exp(-a);
  }
  template <class V>
  static V curvature(V a, V y, V) {
    return y * exp(-a);
  }
  template <class V>
  static V score(V a, V y, V) {
    return V(2.0) * (y * exp(-a) - V(1.0) - (log(y) - a));
  }
  template <class V>
  static V output(V a) {
    return exp(a);
  }
  static double constant(double mean, double, std::size_t) { return math::log(mean); }
};

// Independent binary outputs with probability p = 1 / (1 + e^-a) and target y in [0, 1]:
// E = -y log p - (1 - y) log(1 - p) = max(a, 0) - y a + log(1 + e^-|a|), safe for any a;  dE/da = p - y
// With `clip`, E is computed from p clipped to [clip, 1 - clip], which the gradient ignores.
struct LogisticLoss {
  static constexpr const char* name = "logistic";
  static constexpr const char* metric = "accuracy";
  static constexpr TargetKind kind = TargetKind::targets;
  static constexpr Allowed target_range = from_0_to_1();
  double clip = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("clip", self.clip, from_0_to_half());
  }
  double parameter(std::size_t) const {
    return clip > 0 ? math::log((1 - clip) / clip) : __builtin_huge_val();
  }
  static double metric_of(double mean) { return mean; }
  // p is in [clip, 1 - clip] where a is in [-limit, limit].
  template <class V>
  static V value(V output, V y, V limit) {
    const V above = select(output < -limit, -limit, output), a = select(above > limit, limit, above);
    return fma(-y, a, select(a <= V(0.0), V(0.0), a)) + log1p(exp(-abs(a)));
  }
  template <class V>
  static V gradient(V a, V y, V) {
    return logistic(a) - y;
  }
  template <class V>
  static V curvature(V a, V, V) {
    return logistic(a) * logistic(-a);
  }
  template <class V>
  static V score(V a, V y, V) {
    const V guess = select(a > V(0.0), V(1.0), V(0.0)), truth = select(y > V(0.5), V(1.0), V(0.0));
    return select(guess == truth, V(1.0), V(0.0));
  }
  template <class V>
  static V output(V a) {
    return logistic(a);
  }
  static double constant(double mean, double half_a_row, std::size_t) {
    const double p = mean <= 0 ? half_a_row : mean >= 1 ? 1 - half_a_row : mean;
    return math::log(p / (1 - p));
  }
};

// E = -sum_j t_j log p_j,  p_j = e^(a_j - max) / sum_k e^(a_k - max);  dE/da_j = p_j sum_k t_k - t_j, where
// the target t is [j = label] or a row of probabilities, smoothed to (1 - s) t + s / k (Szegedy et al. 2016).
// In the form sum_j t_j (log(sum) - (a_j - max)) no exponent is positive: outputs of +-1e4 are safe.
// With `clip`, E is at most -log(clip), as if p_label were at least `clip`; the gradient ignores it.
struct SoftmaxCrossEntropy {
  static constexpr const char* name = "softmax_cross_entropy";
  static constexpr const char* metric = "accuracy";
  static constexpr TargetKind kind = TargetKind::labels;
  static constexpr Allowed target_range = at_least(0);
  double label_smoothing = 0;
  double clip = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("label_smoothing", self.label_smoothing, from_0_below_1());
    field("clip", self.clip, from_0_to_half());
  }
  // There are at least two outputs: the first parameter is the label smoothing, the others the largest loss.
  double parameter(std::size_t j) const {
    if (j == 0) return label_smoothing;
    return clip > 0 ? -math::log(clip) : __builtin_huge_val();
  }
  static double metric_of(double mean) { return mean; }
  double constant(double mean, double half_a_row, std::size_t k) const {
    const double p = (1 - label_smoothing) * mean + label_smoothing / static_cast<double>(k);
    return math::log(p > 0 ? p : half_a_row);
  }
};

}  // namespace fanin
