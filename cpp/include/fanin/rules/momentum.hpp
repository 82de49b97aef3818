#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Classical momentum (Polyak 1964), as the textbook writes it:
//   v <- momentum * v - learning_rate * g
//   w <- w + v
// The rate is inside v, so a change of the rate affects new gradients only. PyTorch keeps the rate outside
// its buffer: the path is the same as long as the rate is constant.
struct Momentum {
  static constexpr const char* name = "momentum";
  static constexpr const char* slot_names[] = {"v"};

  double learning_rate = 0.01;
  double momentum = 0.9;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("momentum", self.momentum, from_0_below_1());
  }

  double& momentum_to_schedule() { return momentum; }

  struct Constants {
    double rate, momentum;
  };
  Constants begin(const Moment&) const { return {learning_rate, momentum}; }

  static IdleStep idle(const Constants& c) { return {.keep = {c.momentum}, .rate = 1, .moved_by = 0}; }

  template <class V>
  static V step(const Constants& c, V g, V, V* slot) {
    V& v = slot[0];
    v = fma(V(c.momentum), v, -(V(c.rate) * g));
    return v;
  }
};

}  // namespace fanin
