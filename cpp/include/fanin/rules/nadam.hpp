#pragma once

#include "fanin/math.hpp"
#include "fanin/rules/rule.hpp"

namespace fanin {

// NAdam (Dozat 2016, algorithm 2), with its momentum schedule:
//   m, v as in Adam;   a_t = beta1 (1 - 0.96^(t momentum_decay) / 2),   p <- p a_t, with p = 1 at first
//   w <- w - learning_rate * (a_(t+1) m / (1 - p a_(t+1)) + (1 - a_t) g / (1 - p)) / (sqrt(v^) + epsilon)
// The same variant as in PyTorch.
struct NAdam {
  static constexpr const char* name = "nadam";
  static constexpr const char* slot_names[] = {"m", "v"};

  double learning_rate = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  bool epsilon_hat = false;
  double momentum_decay = 4e-3;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
    field("epsilon_hat", self.epsilon_hat);
    field("momentum_decay", self.momentum_decay, at_least(0));
  }

  struct Constants {
    double rate_m, rate_g, beta1, rest1, beta2, rest2, root_scale, epsilon;
  };
  Constants begin(const Moment& at) const {
    const double now = momentum_at(at.t), next = momentum_at(at.t + 1), product = remember(at);
    const double root_scale = 1 / __builtin_sqrt(1 - power(beta2, at.t));
    return {learning_rate * next / (1 - product * next),
            learning_rate * (1 - now) / (1 - product),
            beta1,
            1 - beta1,
            beta2,
            1 - beta2,
            root_scale,
            epsilon_hat ? epsilon * root_scale : epsilon};
  }
  static constexpr const char* memory_name = "p";
  double remember(const Moment& at) const { return (at.t == 1 ? 1 : at.memory) * momentum_at(at.t); }
  double momentum_at(std::uint64_t t) const {
    constexpr double log_of_base = -0x1.4e69ed6d80eb3p-5;  // ln 0.96
    return beta1 * (1 - math::exp(log_of_base * momentum_decay * static_cast<double>(t)) / 2);
  }

  static IdleStep idle(const Constants& c) {
    return {{c.beta1, c.beta2}, -c.rate_m, c.root_scale, c.epsilon, 0, 1, true};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& m = slot[0];
    V& v = slot[1];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    v = fma(V(c.beta2), v, squared(V(c.rest2), g));
    const V ahead = fma(V(c.rate_m), m, V(c.rate_g) * g);
    return ratio(-ahead, fma(sqrt(v), V(c.root_scale), V(c.epsilon)));
  }
};

}  // namespace fanin
