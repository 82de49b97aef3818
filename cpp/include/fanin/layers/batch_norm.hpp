// Batch norm as a value, of a Dense or as a layer of its own.
#pragma once

#include "fanin/fields.hpp"

namespace fanin {

// gamma (z - mean) / sqrt(variance + epsilon) + beta in each column of z, before the activation (Ioffe and
// Szegedy 2015). In training mean and variance are those of the batch; else they are averages over batches,
//   average <- decay average + (1 - decay) of the batch
// from mean 0 and variance 1, of the variance that divides by rows - 1: both as PyTorch has them. With
// bias_correction the start has no weight: the average is divided by 1 - decay^t after t batches. With
// exact_statistics Training::exact_statistics puts mean and variance of the whole training set in their
// place.
//
// As a layer of its own it normalizes what the layer before it gives, or the inputs.
struct BatchNorm {
  static constexpr const char* name = "batch_norm";
  double epsilon = 1e-5;
  double decay = 0.9;
  bool bias_correction = false;
  bool exact_statistics = false;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    // a normal number, and its square root and their inverses too, in either precision
    field("epsilon", self.epsilon, Allowed{1e-30, 1e30, false, false});
    field("decay", self.decay, from_0_below_1());
    field("bias_correction", self.bias_correction);
    field("exact_statistics", self.exact_statistics);
  }
};

}  // namespace fanin
