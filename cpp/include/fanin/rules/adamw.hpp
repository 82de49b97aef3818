#pragma once

#include "fanin/rules/adam.hpp"

namespace fanin {

// AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam with weight decay decoupled from the gradient:
//   w <- w - learning_rate * weight_decay * w, then Adam's step
// Weights decay, but biases do not. The rate scales the decay, as in PyTorch, where biases decay too.
struct AdamW : Adam {
  static constexpr const char* name = "adamw";

  double weight_decay = 0.01;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    Adam::fields(self, field);
    field("weight_decay", self.weight_decay, at_least(0));
  }
};

}  // namespace fanin
