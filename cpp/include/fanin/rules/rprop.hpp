#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Rprop (Riedmiller and Braun 1993; variants of Igel and Huesken 2000): the sign of the gradient and a step
// size for each weight, from learning_rate at the start. With the sign of the gradient before it,
//   same sign:      step <- min(step * increase, max_step)
//   opposite sign:  step <- max(step * decrease, min_step)
//   w <- w - sign(g) * step
// This is Rprop-, the textbook's. Where the sign has turned,
//   Rprop+    takes the last step back instead
//   iRprop-   takes no step
//   iRprop+   takes the last step back where the loss has risen, else no step
// and each of the three counts the sign as 0 at the next step. PyTorch's is iRprop-.
struct Rprop {
  static constexpr const char* name = "rprop";
  static constexpr const char* slot_names[] = {"step", "sign"};
  enum class Variant { minus, plus, i_minus, i_plus };
  static constexpr const char* variants[] = {"rprop-", "rprop+", "irprop-", "irprop+"};

  double learning_rate = 0.01;
  double increase = 1.2;
  double decrease = 0.5;
  double min_step = 1e-6;
  double max_step = 50;
  Variant variant = Variant::minus;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("increase", self.increase, at_least(1));
    field("decrease", self.decrease, between_0_and_1());
    field("min_step", self.min_step, at_least(0));
    field("max_step", self.max_step, above_0());
    field("variant", self.variant, variants);
  }

  const char* conflict() const {
    return min_step > max_step ? "min_step: expected at most max_step" : nullptr;
  }

  static constexpr int forms = 3;  // Rprop-, Rprop+, iRprop-
  struct Constants {
    double increase, decrease, lowest, highest;
    int form;
  };
  // The loss decides which of the two others a step of iRprop+ is like.
  Constants begin(const Moment& at) const {
    const bool back =
        variant == Variant::plus || (variant == Variant::i_plus && at.t > 1 && at.loss > at.memory);
    return {increase, decrease, min_step, max_step, variant == Variant::minus ? 0 : back ? 1 : 2};
  }
  double initial(int slot) const { return slot == 0 ? learning_rate : 0; }
  bool needs_loss() const { return variant == Variant::i_plus; }
  static constexpr const char* memory_name = "loss";
  static double remember(const Moment& at) { return at.loss; }

  template <int form, class V>
  static V step(const Constants& c, V g, V, V* slot) {
    const V before = slot[0], now = sign(g), agreement = now * slot[1];
    const auto turned = agreement < V(0.0);
    V& step = slot[0];
    step = select(agreement > V(0.0), min(V(c.highest), before * V(c.increase)),
                  select(turned, max(V(c.lowest), before * V(c.decrease)), before));
    const V last_sign = slot[1], forward = -(now * step);
    slot[1] = form == 0 ? now : select(turned, V(0.0), now);
    if constexpr (form == 0) return forward;
    return select(turned, form == 1 ? last_sign * before : V(0.0), forward);
  }
};

}  // namespace fanin
