// Quantiles of weighted values, and their scores.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace fanin {

// Quantiles of weighted values, linear between the values at S_i / S_(n-1), where S_i is the sum of the means
// of neighbouring weights up to value i; equal values are in the order of their weights. With equal weights,
// where this is NumPy's default, values are selected rather than sorted.
class Quantiles {
 public:
  Quantiles(std::vector<double> values, std::vector<double> weights) : values_(std::move(values)) {
    if (std::ranges::all_of(weights, [&](double w) { return w == weights[0]; })) return;
    std::vector<std::pair<double, double>> sorted(values_.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = {values_[i], weights[i]};
    std::sort(sorted.begin(), sorted.end());
    sums_.assign(sorted.size(), 0);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      values_[i] = sorted[i].first;
      if (i > 0) sums_[i] = sums_[i - 1] + 0.5 * (sorted[i - 1].second + sorted[i].second);
    }
    sorted_ = true;
  }

  std::size_t size() const { return values_.size(); }
  // Makes many calls of `at` cheaper than selection does
  void sort() {
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
  }
  // The quantile at part / whole
  double at(double part, double whole = 1) {
    if (sums_.empty()) return selected(part * static_cast<double>(values_.size() - 1) / whole);
    const double wanted = part * sums_.back() / whole;
    const auto after = std::lower_bound(sums_.begin() + 1, sums_.end(), wanted);
    if (after == sums_.end()) return values_.back();
    const auto i = static_cast<std::size_t>(after - sums_.begin());
    return between(values_[i - 1], values_[i], (wanted - sums_[i - 1]) / (sums_[i] - sums_[i - 1]));
  }

 private:
  static double between(double a, double b, double share) { return a + share * (b - a); }
  double selected(double place) {
    const double below = std::floor(place);
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(below);
    if (!sorted_) std::nth_element(values_.begin(), at, values_.end());
    if (at + 1 == values_.end()) return *at;
    return between(*at, sorted_ ? at[1] : *std::min_element(at + 1, values_.end()), place - below);
  }

  std::vector<double> values_, sums_;  // sums of different weights
  bool sorted_ = false;
};

// The quantile of the standard normal distribution, with relative error of about 1e-16 for p in [1e-10, 1 -
// 1e-10] (Wichura 1988, algorithm AS 241)
double normal_quantile(double p);

// Sets K = min(kKnots, values) distinct quantiles of a column and their scores, padded with the last: see
// QuantileLayer
void set_normal_scores(Quantiles& quantiles, double* knots, double* scores);

// The score of a value: linear between knots
double score_of(double value, const double* knots, const double* scores);

}  // namespace fanin
