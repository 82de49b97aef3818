// Any update rule of the list, and what may go on around it.
#pragma once

#include <optional>
#include <utility>

#include "fanin/rules/all.hpp"
#include "fanin/schedules.hpp"
#include "fanin/variant.hpp"

namespace fanin {

// One update rule with its hyper-parameters.
using Rule = decltype(variant_of(Rules{}));
// One schedule with its hyper-parameters.
using Schedule = decltype(variant_of(Schedules{}));

// An update rule and what goes on around it, in this order:
//   g <- g clipped to [-clip_value, clip_value]
//   g <- g + l2 w + l1 sign(w)                             weights only, not biases
//   w <- w - learning_rate weight_decay w + change         weight_decay: weights only; the rule's own where
//   it
//                                                          has one, and this
// A schedule gives the hyper-parameter of each step, instead of the number in the rule.
struct Method {
  Rule rule;
  double clip_value = __builtin_inf();
  double l1 = 0, l2 = 0, weight_decay = 0;
  std::optional<Schedule> learning_rate = {}, momentum = {};

  template <class R, class = decltype(Rule(std::declval<R>()))>
  Method(R&& some_rule) : rule(std::forward<R>(some_rule)) {}
};

}  // namespace fanin
