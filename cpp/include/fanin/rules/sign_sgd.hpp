#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// The sign of the full batch's gradient (Riedmiller and Braun's idea without adaptive steps; the name is from
// Bernstein et al. 2018):
//   w <- w - learning_rate * sign(g),   sign(0) = 0
// Steps do not shrink with the gradient, so plateaus of tiny gradients are crossed as fast as slopes.
struct SignSGD {
  static constexpr const char* name = "sign_sgd";

  double learning_rate = 1e-3;

  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("learning_rate", self.learning_rate, at_least(0));
  }

  struct Constants {
    double rate;
  };
  Constants begin(const Moment&) const { return {learning_rate}; }

  static IdleStep idle(const Constants&) { return {}; }

  template <class V>
  static V step(const Constants& c, V g, V, V*) {
    return -(V(c.rate) * sign(g));
  }
};

}  // namespace fanin
