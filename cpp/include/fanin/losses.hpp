// Losses, each with its gradient with respect to the network's outputs, and the list of them all.
//
// The loss of a batch is the mean over its rows, weighted by sample weights if given; weight / sum of weights
// enters the gradient once, in the loss kernel. A loss is a struct with
//   name, metric, kind       metric: the figure reported next to the loss; kind: what y holds
//   fields(self, f)          hyper-parameters, as in an update rule
//   parameter(j)             the hyper-parameter that value and gradient use for output j
//   value, gradient(a, y, p) of one output a with target y; values are summed over the outputs of a row
//   score(a, y, p)           summed likewise; the metric is metric_of(mean score per output)
//   output(a)                the prediction for output a
// and, for biases that start at the base rate (fanin/initializers.hpp), one of
//   constant(mean, half_a_row, k)
//       the output that has the least mean loss if it is the same for all rows, from the mean target of this
//       output, one of k. Where it would be infinite, because the mean is at the end of a range, the share of
//       half a row takes its place.
//   level(j)                 that output is this quantile of the targets, or the search for it begins there
#pragma once

#include "fanin/fields.hpp"
#include "fanin/list.hpp"
#include "fanin/math.hpp"

namespace fanin {

// targets: a column for each output. one_target: a single column, compared with every output. labels: a class
// for each row, or a row of class probabilities.
enum class TargetKind { targets, one_target, labels };

// Defaults for losses without hyper-parameters. (The others have no base class, so that Huber{.delta = 2}
// compiles without a warning.)
struct PlainLoss {
  static constexpr TargetKind kind = TargetKind::targets;
  static constexpr Allowed target_range = any_number();
  template <class Self, class F>
  static void fields(Self&, F&&) {}
  double parameter(std::size_t) const { return 0; }
  static double metric_of(double mean) { return mean; }
  template <class V>
  static V output(V a) {
    return a;
  }
};

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
  static V score(V a, V y, V level) {
    return value(a, y, level);
  }
  template <class V>
  static V output(V a) {
    return a;
  }
};

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

using Losses =
    List<SquaredError, AbsoluteError, Huber, Quantile, Poisson, Gamma, LogisticLoss, SoftmaxCrossEntropy>;

}  // namespace fanin
