#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// AdaMax (Kingma and Ba 2015, algorithm 2):
//   m <- beta1 m + (1 - beta1) g
//   u <- max(beta2 u, |g|)
//   w <- w - learning_rate * m^ / u,   m^ = m / (1 - beta1^t),  and no step where u is 0
// There is no epsilon, as in the paper; PyTorch adds one to |g|.
struct AdaMax {
  static constexpr const char* name = "adamax";
  static constexpr const char* slot_names[] = {"m", "u"};

  double learning_rate = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
  }

  struct Constants {
    double rate, beta1, rest1, beta2;
  };
  Constants begin(const Moment& at) const {
    return {learning_rate / (1 - power(beta1, at.t)), beta1, 1 - beta1, beta2};
  }

  static IdleStep idle(const Constants& c) { return {{c.beta1, c.beta2}, -c.rate, 1, 0, 0, 1, false}; }

  template <class V>
  static V step(const Constants& c, V g, V, V* slot) {
    V& m = slot[0];
    V& u = slot[1];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    u = max(V(c.beta2) * u, abs(g));
    return -(V(c.rate) * ratio(m, u));
  }
};

}  // namespace fanin
