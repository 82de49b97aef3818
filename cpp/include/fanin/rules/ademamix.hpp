#pragma once

#include "fanin/math.hpp"
#include "fanin/rules/adam.hpp"

namespace fanin {

// AdEMAMix (Pagliardini, Ablin and Grangier 2024, algorithm 1): Adam with a second, much slower mean of the
// gradients, which still knows those of 10^4 steps ago:
//   m1 <- beta1 m1 + (1 - beta1) g,   m2 <- b m2 + (1 - b) g,   v <- beta2 v + (1 - beta2) g^2
//   w <- w - learning_rate * ((m1^ + a m2) / (sqrt(v^) + epsilon) + weight_decay w)
// with m1^ and v^ corrected as in Adam, and m2 not. With u = min(t / warm_up, 1), or 1 without a warm-up,
//   a = u alpha,   1 / ln b = (1 - u) / ln beta1 + u / ln beta3
// and b at most beta3, so that the half-life of m2 grows linearly from that of m1. The paper warms up alpha
// and beta3 over all steps of training. Weights decay, biases do not.
struct AdEMAMix : Adam {
  static constexpr const char* name = "ademamix";
  static constexpr const char* slot_names[] = {"m1", "m2", "v"};

  double beta3 = 0.9999;
  double alpha = 5;
  double warm_up = 0;
  double weight_decay = 0;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    Adam::fields(self, field);
    field("beta3", self.beta3, from_0_below_1());
    field("alpha", self.alpha, at_least(0));
    field("warm_up", self.warm_up, at_least(0));
    field("weight_decay", self.weight_decay, at_least(0));
  }

  struct Constants {
    double rate, scale1, beta1, rest1, alpha, beta3, rest3, beta2, rest2, root_scale, epsilon;
  };
  Constants begin(const Moment& at) const {
    const double t = static_cast<double>(at.t);
    const double u = t < warm_up ? t / warm_up : 1;
    const double slow = u < 1 ? warmed_up(u) : beta3;
    const double root_scale = 1 / __builtin_sqrt(1 - power(beta2, at.t));
    return {learning_rate,
            1 / (1 - power(beta1, at.t)),
            beta1,
            1 - beta1,
            u * alpha,
            slow,
            1 - slow,
            beta2,
            1 - beta2,
            root_scale,
            added_to(root_scale)};
  }
  // A mean with a decay of 0 has no half-life: it is the last gradient.
  double warmed_up(double u) const {
    if (beta3 <= beta1) return beta3;
    if (beta1 == 0) return math::exp(math::log(beta3) / u);
    const double log1 = math::log(beta1), log3 = math::log(beta3);
    return math::exp(log1 * log3 / ((1 - u) * log3 + u * log1));
  }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& m1 = slot[0];
    V& m2 = slot[1];
    V& v = slot[2];
    m1 = fma(V(c.beta1), m1, V(c.rest1) * g);
    m2 = fma(V(c.beta3), m2, V(c.rest3) * g);
    v = fma(V(c.beta2), v, squared(V(c.rest2), g));
    const V mixed = fma(V(c.alpha), m2, V(c.scale1) * m1);
    return ratio(-(V(c.rate) * mixed), fma(sqrt(v), V(c.root_scale), V(c.epsilon)));
  }
};

}  // namespace fanin
