#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// RMSprop (Hinton, lecture 6e): the gradient divided by its running root mean square,
//   MS <- decay MS + (1 - decay) g^2
//   d = g / (sqrt(MS^) + epsilon)
//   w <- w - learning_rate * d
// MS^ is MS, or MS / (1 - decay^t) with bias_correction. MS starts at 0 and is too small at first: without
// the correction, the first step is learning_rate / sqrt(1 - decay). The lecture has no epsilon.
//   centered (Graves 2013): the running mean of g is kept too, and MS^ is MS - mean^2, the variance
//   momentum:               v <- momentum * v - learning_rate * d,   w <- w + v
//   nesterov:               g at w + momentum * v: the correction is divided, not the jump;
//                           w = y - momentum * v is shown, as in Nesterov
// PyTorch calls the decay alpha, with default 0.99, keeps the rate outside v, and has no Nesterov form.
struct RMSprop {
  static constexpr const char* name = "rmsprop";
  static constexpr const char* slot_names[] = {"MS", "mean", "v"};

  double learning_rate = 1e-3;
  double decay = 0.9;
  double epsilon = 1e-8;
  double momentum = 0;
  bool nesterov = false;
  bool centered = false;
  bool bias_correction = false;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("decay", self.decay, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
    field("momentum", self.momentum, from_0_below_1());
    field("nesterov", self.nesterov);
    field("centered", self.centered);
    field("bias_correction", self.bias_correction);
  }

  const char* conflict() const {
    return centered && bias_correction ? "bias_correction: expected False for a centered rule, "
                                         "because the variance of the first gradient alone is 0"
                                       : nullptr;
  }

  static constexpr int forms = 6;  // {no momentum, classical, Nesterov} x {not centered, centered}
  int form() const { return (momentum > 0 ? nesterov ? 4 : 2 : 0) + (centered ? 1 : 0); }
  static constexpr bool uses(int form, int slot) {
    return slot == 0 || (slot == 1 && form % 2 == 1) || (slot == 2 && form >= 2);
  }

  double& momentum_to_schedule() { return momentum; }

  struct Constants {
    double rate, decay, rest, correction, epsilon, momentum, ahead;
    int form;
  };
  Constants begin(const Moment& at) const {
    const double correction = bias_correction ? 1 / (1 - power(decay, at.t)) : 1;
    return {learning_rate, decay, 1 - decay, correction, epsilon, momentum, 1 + at.next_momentum_or(momentum),
            form()};
  }

  static IdleStep idle(const Constants& c) {
    IdleStep idle{.keep = {c.decay, c.decay, c.momentum}};
    if (c.form < 2) return idle;
    idle.rate = c.form < 4 ? 1 : c.ahead - 1;
    idle.moved_by = 2;
    return idle;
  }

  template <int form, class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& squares = slot[0];
    V& mean = slot[1];
    V& v = slot[2];
    squares = fma(V(c.decay), squares, squared(V(c.rest), g));
    V spread = squares * V(c.correction);
    if constexpr (form % 2 == 1) {
      mean = fma(V(c.decay), mean, V(c.rest) * g);
      const V expected = mean * V(c.correction);
      spread = max(V(0.0), fma(-expected, expected, spread));
    }
    const V correction = ratio(-(V(c.rate) * g), sqrt(spread) + V(c.epsilon));
    if constexpr (form < 2) return correction;
    const V jump = V(c.momentum) * v;
    v = fma(V(c.momentum), v, correction);
    if constexpr (form < 4) return v;
    return fma(V(c.ahead), v, -jump);
  }

  bool looks_ahead() const { return momentum > 0 && nesterov; }
  double ahead() const { return momentum; }
  template <class V>
  static V shown(V ahead, V y, const V* slot) {
    return fma(-ahead, slot[2], y);
  }
  template <class V>
  static V trained(V ahead, V w, const V* slot) {
    return fma(ahead, slot[2], w);
  }
};

}  // namespace fanin
