// Batch norm as a value, part of a Dense or a layer of its own.
#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// gamma (z - mean) / sqrt(variance + epsilon) + beta in each column of z, before the activation (Ioffe and
// Szegedy 2015). Training uses the batch's mean and variance; prediction uses the running statistics,
//   running <- decay running + (1 - decay) of the batch
// which start at mean 0 and variance 1; the running variance divides by rows - 1: both as in PyTorch. With
// bias_correction the start has no weight: running statistics are divided by 1 - decay^t after t batches.
// With exact_statistics, Training::exact_statistics replaces them by the mean and variance of the whole
// training set.
//
// As a layer of its own it normalizes the previous layer's output, or the inputs.
struct BatchNorm {
  static constexpr const char* name = "batch_norm";
  double epsilon = 1e-5;
  double decay = 0.9;
  bool bias_correction = false;
  bool exact_statistics = false;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    // a normal number, as are its square root and the inverses of both, in either precision
    field("epsilon", self.epsilon, Allowed{1e-30, 1e30, false, false});
    field("decay", self.decay, from_0_below_1());
    field("bias_correction", self.bias_correction);
    field("exact_statistics", self.exact_statistics);
  }
};

}  // namespace fanin
