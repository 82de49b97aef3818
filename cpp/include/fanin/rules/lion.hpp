#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Lion (Chen et al. 2023, algorithm 2):
//   w <- w - learning_rate * (sign(beta1 m + (1 - beta1) g) + weight_decay w)
//   m <- beta2 m + (1 - beta2) g
// Weights decay, but biases do not.
struct Lion {
  static constexpr const char* name = "lion";
  static constexpr const char* slot_names[] = {"m"};

  double learning_rate = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("weight_decay", self.weight_decay, at_least(0));
  }

  struct Constants {
    double rate, beta1, rest1, beta2, rest2;
  };
  Constants begin(const Moment&) const { return {learning_rate, beta1, 1 - beta1, beta2, 1 - beta2}; }

  template <class V>
  static V step(const Constants& c, V g, V, V* slot) {
    V& m = slot[0];
    const V direction = fma(V(c.beta1), m, V(c.rest1) * g);
    m = fma(V(c.beta2), m, V(c.rest2) * g);
    return -(V(c.rate) * sign(direction));
  }
};

}  // namespace fanin
