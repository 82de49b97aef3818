#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Adagrad (Duchi, Hazan and Singer 2011), the diagonal form:
//   G <- G + g^2
//   w <- w - learning_rate * g / (sqrt(G) + epsilon)
// The same variant as in PyTorch.
struct Adagrad {
  static constexpr const char* name = "adagrad";
  static constexpr const char* slot_names[] = {"G"};

  double learning_rate = 0.01;
  double epsilon = 1e-10;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("epsilon", self.epsilon, at_least(0));
  }

  struct Constants {
    double rate, epsilon;
  };
  Constants begin(const Moment&) const { return {learning_rate, epsilon}; }

  static IdleStep idle(const Constants&) { return {}; }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& sum = slot[0];
    sum = fma(g, g, sum);
    return ratio(-(V(c.rate) * g), sqrt(sum) + V(c.epsilon));
  }
};

}  // namespace fanin
