#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// A gain for each weight, by the consistency of its gradient (Jacobs 1988; Hinton's lecture 6c):
//   gain <- gain + delta         where -g and v agree in sign
//   gain <- gain * (1 - delta)   where they disagree; kept where either is 0, as at the first step
//   gain <- gain within [min_gain, max_gain], from 1 at the start
//   v <- momentum * v - learning_rate * gain * g
//   w <- w + v
// Without momentum v is the last step, so that signs of successive gradients are compared. A v that
// underflows is 0.
struct AdaptiveGain {
  static constexpr const char* name = "adaptive_gain";
  static constexpr const char* slot_names[] = {"gain", "v"};

  double learning_rate = 0.01;
  double momentum = 0;
  double delta = 0.05;
  double min_gain = 0.1;
  double max_gain = 10;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("momentum", self.momentum, from_0_below_1());
    field("delta", self.delta, from_0_below_1());
    field("min_gain", self.min_gain, above_0());
    field("max_gain", self.max_gain, above_0());
  }

  const char* conflict() const {
    return min_gain > 1 || max_gain < 1 ? "min_gain, max_gain: expected limits around 1, where gains start"
                                        : nullptr;
  }

  double& momentum_to_schedule() { return momentum; }

  struct Constants {
    double rate, momentum, delta, shrink, lowest, highest;
  };
  Constants begin(const Moment&) const {
    return {learning_rate, momentum, delta, 1 - delta, min_gain, max_gain};
  }
  static constexpr double initial(int slot) { return slot == 0 ? 1 : 0; }

  template <class V>
  static V step(const Constants& c, V g, V, V* slot) {
    V& gain = slot[0];
    V& v = slot[1];
    const V agreement = -(g * sign(v));  // no product of two small numbers, which might underflow
    gain =
        select(agreement > V(0.0), gain + V(c.delta), select(agreement < V(0.0), gain * V(c.shrink), gain));
    gain = min(V(c.highest), max(V(c.lowest), gain));
    v = fma(V(c.momentum), v, -(V(c.rate) * gain * g));
    return v;
  }
};

}  // namespace fanin
