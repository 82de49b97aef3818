#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Schedule-Free AdamW (Defazio et al. 2024, algorithm 1), with the bias correction of the authors' code. It
// averages its weights in place of a schedule that ends at a known step:
//   v <- beta2 v + (1 - beta2) g^2,                      g at y
//   d = g / (sqrt(v^) + epsilon) + weight_decay y,       v^ = v / (1 - beta2^t)
//   z <- z - r d,                                        r = learning_rate min(1, t / warm_up)
//   x <- (1 - c) x + c z,                                c = r^2 / S,  S <- S + r^2
//   y = (1 - beta1) z + beta1 x
// The buffer holds y, and users are shown x = y - (1 / beta1 - 1) lead, with lead = z - y, so that
//   y <- y + c lead - r (1 - beta1 (1 - c)) d
//   lead <- (1 - c) (lead - beta1 r d)
// A state of 0 is thus a fresh one at any weights. Weights decay, biases do not.
struct ScheduleFreeAdamW {
  static constexpr const char* name = "schedule_free_adamw";
  static constexpr const char* slot_names[] = {"lead", "v"};
  static constexpr const char* memory_name = "S";

  double learning_rate = 2.5e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double warm_up = 200;
  double weight_decay = 0;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, between_0_and_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
    field("warm_up", self.warm_up, at_least(0));
    field("weight_decay", self.weight_decay, at_least(0));
  }

  double rate_at(std::uint64_t step) const {
    const double t = static_cast<double>(step);
    return t < warm_up ? learning_rate * (t / warm_up) : learning_rate;
  }
  double remember(const Moment& at) const {
    const double rate = rate_at(at.t);
    return at.memory + rate * rate;
  }

  struct Constants {
    double newest, older, step, lead_step, beta2, rest2, root_scale, epsilon, own_decay;
  };
  Constants begin(const Moment& at) const {
    const double rate = rate_at(at.t), sum = remember(at);
    const double newest = sum > 0 ? rate * rate / sum : 0, older = 1 - newest;
    return {newest,
            older,
            rate * (1 - beta1 * older),
            rate * beta1,
            beta2,
            1 - beta2,
            1 / __builtin_sqrt(1 - power(beta2, at.t)),
            epsilon,
            0};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V y, V* slot) {
    const V g = bounded(gradient);
    V& lead = slot[0];
    V& v = slot[1];
    v = fma(V(c.beta2), v, squared(V(c.rest2), g));
    const V d = fma(V(c.own_decay), y, ratio(g, fma(sqrt(v), V(c.root_scale), V(c.epsilon))));
    const V change = fma(V(c.newest), lead, -(V(c.step) * d));
    lead = V(c.older) * fma(V(-c.lead_step), d, lead);
    return change;
  }

  static constexpr bool looks_ahead() { return true; }
  double ahead() const { return 1 / beta1 - 1; }
  template <class V>
  static V shown(V ahead, V y, const V* slot) {
    return fma(-ahead, slot[0], y);
  }
  template <class V>
  static V trained(V ahead, V x, const V* slot) {
    return fma(ahead, slot[0], x);
  }
};

}  // namespace fanin
