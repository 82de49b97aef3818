#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// vSGD-fd: no rate to tune (Schaul, Zhang and LeCun 2013, No more pesky learning rates; curvature by finite
// differences: Schaul and LeCun 2013, algorithm 2). With G the gradient of the same batch at w + d,
//   d = g_mean within [epsilon, 100 epsilon] in size (the gradient at the first step),   h' = |G - g| / |d|
//   tau <- tau + 1 where g or h' is further than two deviations from its mean
//   g, v, h, q: means of the gradient, its square, h' and its square, each x <- x + (x' - x) / tau
//   rate = (h / q) (g^2 / v),   tau <- (1 - g^2 / v) tau + 1
//   w <- w - learning_rate * rate * gradient
// learning_rate is only a factor. In the first warm_up steps weights stay, and the means are plain; then v, h
// and q are made slow_start times (q: its square times) too large. The gradient is a mini-batch's mean, so
// that v has the noise of the mean: the papers' mini-batch form from one value a batch. The limits of d are
// ours.
struct SchaulVSGD {
  static constexpr const char* name = "schaul_vsgd";
  static constexpr const char* slot_names[] = {"g", "v", "h", "q", "tau"};
  static constexpr bool second_gradient = true;

  double learning_rate = 1;
  double warm_up = 10;
  double slow_start = 2;
  double epsilon = 1e-4;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
    field("warm_up", self.warm_up, at_least(1));
    field("slow_start", self.slow_start, at_least(1));
    field("epsilon", self.epsilon, between_0_and_1());
  }

  struct Constants {
    double rate, epsilon, longest, first, share, slow;
    int form;
  };
  Constants begin(const Moment& at) const {
    const double t = static_cast<double>(at.t);
    const bool last_of_warm_up = t <= warm_up && t + 1 > warm_up;
    return {learning_rate,         epsilon, 100 * epsilon,
            at.t == 1 ? 1.0 : 0.0, 1 / t,   last_of_warm_up ? slow_start : 1,
            t <= warm_up ? 0 : 1};
  }
  double initial(int slot) const { return slot == 4 ? warm_up : 0; }

  template <class V>
  static V shift(const Constants& c, V g, V, const V* slot) {
    const V d = select(V(c.first) > V(0.0), g, slot[0]);
    const V size = min(V(c.longest), max(V(c.epsilon), abs(d)));
    return copy_sign(size, d);
  }

  static constexpr int forms = 2;  // warming up, moving
  template <int form, class V>
  static V step(const Constants& c, V gradient, V second, V w, V* slot) {
    const V one(1.0), two(2.0), d = shift(c, gradient, w, slot), g = bounded(gradient);
    const V curvature = bounded(abs(second - gradient) / abs(d));
    V share(c.share);
    if constexpr (form == 1) {
      const auto far = [&](V x, V mean, V square) {
        return abs(x - mean) > two * sqrt(max(V(0.0), fma(-mean, mean, square)));
      };
      const V tau = slot[4] + select(far(g, slot[0], slot[1]), one, V(0.0));
      slot[4] = select(tau == slot[4], tau + select(far(curvature, slot[2], slot[3]), one, V(0.0)), tau);
      share = one / slot[4];
    }
    const V value[] = {g, g * g, curvature, curvature * curvature};
    const V slow[] = {one, V(c.slow), V(c.slow), V(c.slow) * V(c.slow)};
    for (int s = 0; s < 4; ++s) slot[s] = fma(share, value[s] - slot[s], slot[s]) * slow[s];
    if constexpr (form == 0) return V(0.0);
    const V certainty = min(one, ratio(slot[0] * slot[0], slot[1]));
    slot[4] = fma(one - certainty, slot[4], one);
    return -(V(c.rate) * certainty * ratio(slot[2], slot[3]) * g);
  }
};

}  // namespace fanin
