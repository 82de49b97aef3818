// What losses have in common.
#pragma once

#include "fanin/fields.hpp"
#include "fanin/math.hpp"

namespace fanin {

// targets: a column for each output. one_target: a single column, compared with every output. labels: a class
// for each row, or a row of class probabilities.
enum class TargetKind { targets, one_target, labels };

// Defaults for losses without hyper-parameters. (The others have no base class, so that Huber{.delta = 2}
// compiles without a warning.)
struct PlainLoss {
  static constexpr TargetKind kind = TargetKind::targets;
  static constexpr Allowed target_range = any_number();
  template <class Self, class F>
  static void fields(Self&, F&&) {}
  double parameter(std::size_t) const { return 0; }
  static double metric_of(double mean) { return mean; }
  template <class V>
  static V curvature(V, V, V) {
    return V(0.0);
  }
  template <class V>
  static V output(V a) {
    return a;
  }
};

}  // namespace fanin
