// Quantiles of weighted values, and their scores.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace fanin {

// Sorts numbers, none of them NaN, by the bytes of their order-preserving keys: several times faster than by
// comparisons
void sort_numbers(std::vector<double>& values);

// Quantiles of weighted values, linear between the values at S_i / S_(n-1), where S_i is the sum of the means
// of neighbouring weights up to value i; equal values are in the order of their weights. With equal weights
// this is NumPy's default.
class Quantiles {
 public:
  Quantiles(std::vector<double> values, const std::vector<double>& weights) : values_(std::move(values)) {
    if (std::ranges::all_of(weights, [&](double w) { return w == weights[0]; })) {
      sort_numbers(values_);
      return;
    }
    std::vector<std::pair<double, double>> sorted(values_.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = {values_[i], weights[i]};
    std::sort(sorted.begin(), sorted.end());
    sums_.assign(sorted.size(), 0);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      values_[i] = sorted[i].first;
      if (i > 0) sums_[i] = sums_[i - 1] + 0.5 * (sorted[i - 1].second + sorted[i].second);
    }
  }

  std::size_t size() const { return values_.size(); }
  // The quantile at part / whole
  double at(double part, double whole = 1) const {
    if (sums_.empty()) {
      const double place = part * static_cast<double>(values_.size() - 1) / whole;
      return between(static_cast<std::size_t>(place), place - std::floor(place));
    }
    const double wanted = part * sums_.back() / whole;
    const auto after = std::lower_bound(sums_.begin() + 1, sums_.end(), wanted);
    if (after == sums_.end()) return values_.back();
    const auto i = static_cast<std::size_t>(after - sums_.begin());
    return between(i - 1, (wanted - sums_[i - 1]) / (sums_[i] - sums_[i - 1]));
  }

 private:
  double between(std::size_t i, double share) const {
    return i + 1 == values_.size() ? values_[i] : values_[i] + share * (values_[i + 1] - values_[i]);
  }

  std::vector<double> values_, sums_;  // sums of different weights
};

// The quantile of the standard normal distribution, with relative error of about 1e-16 for p in [1e-10, 1 -
// 1e-10] (Wichura 1988, algorithm AS 241)
double normal_quantile(double p);

// Sets K = min(kKnots, values) distinct quantiles of a column and their scores, padded with the last: see
// QuantileLayer
void set_normal_scores(const Quantiles& quantiles, double* knots, double* scores);

// The score of a value: linear between knots
double score_of(double value, const double* knots, const double* scores);

}  // namespace fanin
