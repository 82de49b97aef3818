// Losses: the value and the gradient of each with respect to the network's outputs, and the list of them all.
//
// The loss of a batch is the mean over its rows; 1 / rows enters the gradient once, in the loss kernel. A
// metric is what a person looks at beside the loss, made from its mean and the share of rows whose largest
// output is the label's.
#pragma once

#include "fanin/list.hpp"

namespace fanin {

// E = 1/2 sum_j (a_j - y_j)^2 for a row, so that the Hessian of a linear neuron is X'X / m (TEXTBOOK 10)
struct SquaredError {
  static constexpr const char* name = "squared_error";
  static constexpr const char* metric = "rmse";
  static constexpr bool takes_labels = false;
  static double metric_of(double mean_loss, double, double outputs) {
    return __builtin_sqrt(2 * mean_loss / outputs);
  }
  template <class V>
  static V value(V a, V y) {
    const V d = a - y;
    return V(0.5) * d * d;
  }
  template <class V>
  static V gradient(V a, V y) {
    return a - y;
  }
};

// E = -log p_label,  p_j = e^(z_j - max) / sum_k e^(z_k - max);  dE/dz_j = p_j - [j = label].
// Written as log(sum) - (z_label - max), no exponent is ever positive: logits of +-1e4 are safe.
struct SoftmaxCrossEntropy {
  static constexpr const char* name = "softmax_cross_entropy";
  static constexpr const char* metric = "accuracy";
  static constexpr bool takes_labels = true;
  static double metric_of(double, double share_of_hits, double) { return share_of_hits; }
  template <class V>
  static V value(V sum, V largest, V z_label) {
    return log(sum) + (largest - z_label);
  }
};

using Losses = List<SquaredError, SoftmaxCrossEntropy>;

// A loss chosen at run time: its place in the list.
enum class Loss : int {};

template <class L>
inline constexpr Loss loss = Loss{index_in<L, Losses>};

}  // namespace fanin
