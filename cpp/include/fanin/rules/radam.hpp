#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// RAdam (Liu et al. 2020, algorithm 2): Adam, rectified while its second moment is uncertain:
//   m, v as in Adam;  R = 2 / (1 - beta2) - 1,   r = R - 2 t beta2^t / (1 - beta2^t)
//   w <- w - learning_rate * c m^ / (sqrt(v^) + epsilon),   c^2 = (r-4)(r-2)R / ((R-4)(R-2)r),   where r > 5
//   w <- w - learning_rate * m^                                                              before
// From r = 5 on, as the authors' code and PyTorch; the paper writes 4. PyTorch adds epsilon to sqrt(v)
// instead.
struct RAdam {
  static constexpr const char* name = "radam";
  static constexpr int slots = 2;
  static constexpr const char* slot_names[] = {"m", "v"};

  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("beta1", self.beta1, from_0_below_1());
    field("beta2", self.beta2, from_0_below_1());
    field("epsilon", self.epsilon, at_least(0));
  }

  struct Constants {
    double rate, beta1, rest1, beta2, rest2, root_scale, epsilon;
  };
  Constants begin(const Moment& at) const {
    const double decayed = power(beta2, at.t), correction2 = 1 - decayed;
    const double rate = learning_rate / (1 - power(beta1, at.t));
    const double longest = 2 / (1 - beta2) - 1;
    const double length = longest - 2 * static_cast<double>(at.t) * decayed / correction2;
    if (!(length > 5)) return {rate, beta1, 1 - beta1, beta2, 1 - beta2, 0, 1};
    const double rectified =
        __builtin_sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    return {rate * rectified, beta1, 1 - beta1, beta2, 1 - beta2, 1 / __builtin_sqrt(correction2), epsilon};
  }

  template <class V>
  static V step(const Constants& c, V gradient, V* slot) {
    const V g = bounded(gradient);
    V& m = slot[0];
    V& v = slot[1];
    m = fma(V(c.beta1), m, V(c.rest1) * g);
    v = fma(V(c.beta2), v, V(c.rest2) * g * g);
    return ratio(-(V(c.rate) * m), fma(sqrt(v), V(c.root_scale), V(c.epsilon)));  // by 1 before
  }
};

}  // namespace fanin
