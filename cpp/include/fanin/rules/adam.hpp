#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Adam (Kingma and Ba 2015, algorithm 1), with bias correction and epsilon outside the root:
//   m <- beta1 m + (1 - beta1) g
//   v <- beta2 v + (1 - beta2) g^2
//   w <- w - learning_rate * m^ / (sqrt(v^) + epsilon),   m^ = m / (1 - beta1^t),  v^ = v / (1 - beta2^t)
// The same variant as in PyTorch. The bias corrections are computed once a step, in double. With epsilon_hat
// (the end of the paper's section 2; TensorFlow, scikit-learn), epsilon is added to sqrt(v) instead:
//   w <- w - learning_rate sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
struct Adam {
  static constexpr const char* name = "adam";
  static constexpr const char* slot_names[] = {"m", "v"};

  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  bool epsilon_hat = false;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
    field("epsilon_hat", self.epsilon_hat);
  }

  struct Constants {
    double rate, beta1, rest1, beta2, rest2, root_scale, epsilon;
  };
  Constants begin(const Moment& at) const {
    const double correction1 = 1 - power(beta1, at.t);
    const double root_scale = 1 / __builtin_sqrt(1 - power(beta2, at.t));
    return {learning_rate / correction1, beta1, 1 - beta1, beta2, 1 - beta2, root_scale,
            added_to(root_scale)};
  }
  // What is added to root_scale sqrt(v)
  double added_to(double root_scale) const { return epsilon_hat ? epsilon * root_scale : epsilon; }

  static IdleStep idle(const Constants& c) {
    return {{c.beta1, c.beta2}, -c.rate, c.root_scale, c.epsilon, 0, 1, true};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& m = slot[0];
    V& v = slot[1];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    v = fma(V(c.beta2), v, squared(V(c.rest2), g));
    return ratio(-(V(c.rate) * m), fma(sqrt(v), V(c.root_scale), V(c.epsilon)));
  }
};

}  // namespace fanin
