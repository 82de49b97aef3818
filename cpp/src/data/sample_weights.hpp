// Checks and scaling of sample weights.
#pragma once

#include "fanin/views.hpp"
#include "ranks/ranks.hpp"

namespace fanin {

// Weights times the power of two that puts the largest of them into [1, 2). This changes no weighted mean,
// not even its rounding, and prevents sums of weights from overflowing. The largest is that of all ranks.
class ScaledWeights {
 public:
  // All ranks call this, before the weights are checked.
  explicit ScaledWeights(SampleWeights weights, const Ranks& ranks = {});

  bool empty() const { return weights_.empty(); }
  std::size_t size() const { return weights_.size(); }
  double operator[](std::size_t i) const { return weights_[i] * scale_; }
  // 1 without weights, on any rank
  double scale() const { return scale_; }
  double largest() const { return largest_; }

 private:
  SampleWeights weights_;
  double largest_ = 0, scale_ = 1;
};

// Finite, at least 0, at least one above 0, and none so small that T would lose it; of several ranks, beside
// the largest weight of all
template <class T>
void check_sample_weights(SampleWeights weights, std::size_t rows, double largest_of_all = 0);

}  // namespace fanin
