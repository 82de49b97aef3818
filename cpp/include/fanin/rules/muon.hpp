#pragma once

#include "fanin/rules/adam.hpp"

namespace fanin {

// Muon (Jordan et al. 2024), for the weights of hidden layers, as whole matrices (n_in, n_out):
//   m <- m + (1 - momentum) (g - m),   u = g + momentum (m - g)
//   X = u / (|u| + 1e-7), then five times   A = X X',   X <- 3.4445 X + (-4.775 A + 2.0315 A A) X
//   w <- (1 - learning_rate weight_decay) w - learning_rate sqrt(max(1, n_out / n_in)) X
// with |u| the root of the sum of squares, and A = X' X on the right if X is tall. The iteration (Newton and
// Schulz) brings all singular values of X near 1, so that all directions of a matrix learn at the same pace.
// Biases, beta and gamma, and with adam_output the last array of weights, are stepped by AdamW at adam_rate,
// times the learning rate's share of its schedule's largest.
struct Muon {
  static constexpr const char* name = "muon";
  static constexpr const char* slot_names[] = {"m", "v"};
  static constexpr bool whole_matrices = true;

  double learning_rate = 0.02;
  double momentum = 0.95;
  double weight_decay = 0;
  double adam_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  bool adam_output = true;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("momentum", self.momentum, from_0_below_1());
    field("weight_decay", self.weight_decay, at_least(0));
    field("adam_rate", self.adam_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
    field("adam_output", self.adam_output);
  }

  double& momentum_to_schedule() { return momentum; }
  double other_rate(const Moment& at) const { return adam_rate * at.share_of_rate; }

  // The rest is AdamW's.
  using Constants = Adam::Constants;
  Constants begin(const Moment& at) const { return Adam{other_rate(at), beta1, beta2, epsilon}.begin(at); }
  template <class V>
  static V step(const Constants& c, V g, V w, V* slot) {
    return Adam::step(c, g, w, slot);
  }
};

}  // namespace fanin
