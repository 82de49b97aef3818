#pragma once

#include "fanin/rules/rule.hpp"

namespace fanin {

// Stochastic gradient descent (Robbins and Monro 1951):
//   w <- w - learning_rate * g
struct SGD {
  static constexpr const char* name = "sgd";

  double learning_rate = 0.01;

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
    return -(V(c.rate) * g);
  }
};

}  // namespace fanin
