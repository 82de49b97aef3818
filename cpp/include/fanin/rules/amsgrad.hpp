#pragma once

#include "fanin/rules/adam.hpp"

namespace fanin {

// AMSGrad (Reddi, Kale and Kumar 2018, algorithm 2): Adam with the largest v so far:
//   m <- beta1 m + (1 - beta1) g
//   v <- beta2 v + (1 - beta2) g^2
//   u <- max(u, v)
//   w <- w - learning_rate * m^ / (sqrt(u^) + epsilon),   m^ = m / (1 - beta1^t),  u^ = u / (1 - beta2^t)
// The paper has no bias correction; this has Adam's, like PyTorch.
struct AMSGrad : Adam {
  static constexpr const char* name = "amsgrad";
  static constexpr const char* slot_names[] = {"m", "v", "u"};

  static IdleStep idle(const Constants& c) {
    return {{c.beta1, c.beta2, 1}, -c.rate, c.root_scale, c.epsilon, 0, 2, true};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V, V* slot) {
    const V g = bounded(gradient);
    V& m = slot[0];
    V& v = slot[1];
    V& u = slot[2];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    v = fma(V(c.beta2), v, squared(V(c.rest2), g));
    u = max(u, v);
    return ratio(-(V(c.rate) * m), fma(sqrt(u), V(c.root_scale), V(c.epsilon)));
  }
};

}  // namespace fanin
