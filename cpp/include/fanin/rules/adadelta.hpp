#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Adadelta (Zeiler 2012), with epsilon inside both roots:
//   G <- decay G + (1 - decay) g^2
//   d = -g sqrt(D + epsilon) / sqrt(G + epsilon)
//   D <- decay D + (1 - decay) d^2
//   w <- w + learning_rate * d
// The same variant as in PyTorch. The paper has no learning rate, which is the same as a rate of 1.
struct Adadelta {
  static constexpr const char* name = "adadelta";
  static constexpr const char* slot_names[] = {"G", "D"};

  double learning_rate = 1;
  double decay = 0.95;
  double epsilon = 1e-6;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("decay", self.decay, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
  }

  struct Constants {
    double rate, decay, rest, epsilon;
  };
  Constants begin(const Moment&) const { return {learning_rate, decay, 1 - decay, epsilon}; }

  static IdleStep idle(const Constants& c) { return {.keep = {c.decay, c.decay}}; }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& squares = slot[0];
    V& changes = slot[1];
    squares = fma(V(c.decay), squares, squared(V(c.rest), g));
    const V root = sqrt(squares + V(c.epsilon));
    const V d = -ratio(sqrt(changes + V(c.epsilon)), root) * g;
    changes = fma(V(c.decay), changes, V(c.rest) * d * d);
    return V(c.rate) * d;
  }
};

}  // namespace fanin
