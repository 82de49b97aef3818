#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Nesterov's momentum: jump first, then correct (Sutskever et al. 2013, equations 3 and 4):
//   v <- momentum * v - learning_rate * g(w + momentum * v)
//   w <- w + v
// The buffer holds y = w + momentum * v, where gradients are taken, so that
//   y <- y + (1 + next momentum) v_new - momentum * v_old
// Users are shown w = y - momentum * v, or y with show_look_ahead. PyTorch's and scikit-learn's weights are
// y; PyTorch's rate is outside v, but the first step is the same.
struct Nesterov {
  static constexpr const char* name = "nesterov";
  static constexpr const char* slot_names[] = {"v"};

  double learning_rate = 0.01;
  double momentum = 0.9;
  bool show_look_ahead = false;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("momentum", self.momentum, from_0_below_1());
    field("show_look_ahead", self.show_look_ahead);
  }

  double& momentum_to_schedule() { return momentum; }

  struct Constants {
    double rate, momentum, ahead;
  };
  Constants begin(const Moment& at) const {
    return {learning_rate, momentum, 1 + at.next_momentum_or(momentum)};
  }

  static IdleStep idle(const Constants& c) {
    return {.keep = {c.momentum}, .rate = c.ahead - 1, .moved_by = 0};
  }

  template <class V>
  static V step(const Constants& c, V g, V, V* slot) {
    V& v = slot[0];
    const V jump = V(c.momentum) * v;
    v = fma(V(c.momentum), v, -(V(c.rate) * g));
    return fma(V(c.ahead), v, -jump);
  }

  bool looks_ahead() const { return !show_look_ahead; }
  double ahead() const { return momentum; }
  template <class V>
  static V shown(V ahead, V y, const V* slot) {
    return fma(-ahead, slot[0], y);
  }
  template <class V>
  static V trained(V ahead, V w, const V* slot) {
    return fma(ahead, slot[0], w);
  }
};

}  // namespace fanin
