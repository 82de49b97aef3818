// Sample weights: their check, and their scale.
#pragma once

#include "fanin/views.hpp"

namespace fanin {

// Weights times the power of two that puts the largest of them into [1, 2). No weighted mean depends on it,
// the rounding neither, and no sum of weights overflows.
class ScaledWeights {
 public:
  explicit ScaledWeights(SampleWeights weights);

  bool empty() const { return weights_.empty(); }
  std::size_t size() const { return weights_.size(); }
  double operator[](std::size_t i) const { return weights_[i] * scale_; }

 private:
  SampleWeights weights_;
  double scale_ = 1;
};

// Finite, at least 0, one of them above 0, and none that would count in double but be lost in T
template <class T>
void check_sample_weights(SampleWeights weights, std::size_t rows);

}  // namespace fanin
