#include "data/sample_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "data/operands.hpp"
#include "fanin/error.hpp"

namespace fanin {

namespace {

// Of those that a check accepts; rows without weights weigh 1
double largest_of(SampleWeights weights) {
  if (weights.empty()) return 1;
  double largest = 0;
  for (std::size_t i = 0; weights.data() != nullptr && i < weights.size(); ++i) {
    if (std::isfinite(weights[i])) largest = std::max(largest, weights[i]);
  }
  return largest;
}

}  // namespace

ScaledWeights::ScaledWeights(SampleWeights weights, const Ranks& ranks)
    : weights_(weights), largest_(ranks.largest(largest_of(weights))) {
  if (largest_ > 0) scale_ = std::ldexp(1.0, -std::ilogb(largest_));
}

template <class T>
void check_sample_weights(SampleWeights weights, std::size_t rows, double largest_of_all) {
  if (weights.empty()) return;
  check_data_of("sample_weight", weights.data(), 1, weights.size());
  if (weights.size() != rows) {
    throw ValueError("sample_weight: expected " + std::to_string(rows) + " weights to match X, got " +
                     std::to_string(weights.size()));
  }
  double largest = largest_of_all;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!(weights[i] >= 0) || std::isinf(weights[i])) {
      throw ValueError("sample_weight: row " + std::to_string(i) + " is " + number_text(weights[i]) +
                       "; weights must be finite and at least 0");
    }
    largest = std::max(largest, weights[i]);
  }
  if (largest == 0) throw ValueError("sample_weight: expected at least one weight above 0");
  // denormal numbers are flushed to zero, even in double
  const double least = std::max(std::numeric_limits<double>::min(), largest * std::numeric_limits<T>::min());
  for (std::size_t i = 0; i < rows; ++i) {
    if (weights[i] == 0 || weights[i] >= least) continue;
    throw ValueError("sample_weight: row " + std::to_string(i) + " is " + number_text(weights[i]) +
                     "; weights must be 0 or at least " + number_text(least) + "; float" +
                     std::to_string(sizeof(T) * 8) + " loses smaller ones next to the largest, " +
                     number_text(largest));
  }
}

template void check_sample_weights<float>(SampleWeights, std::size_t, double);
template void check_sample_weights<double>(SampleWeights, std::size_t, double);

}  // namespace fanin
