#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// AMSGrad (Reddi, Kale and Kumar 2018, algorithm 2): Adam with the largest v so far:
//   m <- beta1 m + (1 - beta1) g
//   v <- beta2 v + (1 - beta2) g^2
//   u <- max(u, v)
//   w <- w - learning_rate * m^ / (sqrt(u^) + epsilon),   m^ = m / (1 - beta1^t),  u^ = u / (1 - beta2^t)
// The paper corrects no bias; this does as Adam does, and is the same variant as PyTorch's.
struct AmsGrad {
  static constexpr const char* name = "amsgrad";
  static constexpr int slots = 3;
  static constexpr const char* slot_names[] = {"m", "v", "u"};

  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
  }

  struct Constants {
    double rate, beta1, rest1, beta2, rest2, root_scale, epsilon;
  };
  Constants begin(const Moment& at) const {
    const double correction1 = 1 - power(beta1, at.t);
    const double correction2 = 1 - power(beta2, at.t);
    return {learning_rate / correction1,     beta1,  1 - beta1, beta2, 1 - beta2,
            1 / __builtin_sqrt(correction2), epsilon};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V* slot) {
    const V g = bounded(gradient);
    V& m = slot[0];
    V& v = slot[1];
    V& u = slot[2];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    v = fma(V(c.beta2), v, V(c.rest2) * g * g);
    u = max(u, v);
    return ratio(-(V(c.rate) * m), fma(sqrt(u), V(c.root_scale), V(c.epsilon)));
  }
};

}  // namespace fanin
