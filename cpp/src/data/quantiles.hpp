// Quantiles of weighted values, and their scores.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace fanin {

// A value of a column and the weight of its row
struct Weighted {
  double value, weight;
};

// Linear between the values at S_i / S_(n-1), where S_i is the sum of the means of neighbouring weights up to
// value i; equal values are in the order of their weights. With equal weights, where this is NumPy's default,
// values are selected rather than sorted.
class Quantiles {
 public:
  explicit Quantiles(std::vector<Weighted> values) : values_(std::move(values)) {
    equal_ = std::ranges::all_of(values_, [&](const Weighted& v) { return v.weight == values_[0].weight; });
    if (!equal_) sort();
  }

  std::size_t size() const { return values_.size(); }
  // Makes many calls of `at` cheaper than selection does
  void sort() {
    std::sort(values_.begin(), values_.end(), [](const Weighted& a, const Weighted& b) {
      return a.value != b.value ? a.value < b.value : a.weight < b.weight;
    });
    sums_.assign(values_.size(), 0);
    for (std::size_t i = 1; i < values_.size(); ++i) {
      sums_[i] = sums_[i - 1] + 0.5 * (values_[i - 1].weight + values_[i].weight);
    }
  }
  // The quantile at part / whole
  double at(double part, double whole = 1) {
    if (equal_) return selected(part * static_cast<double>(values_.size() - 1) / whole);
    const double wanted = part * sums_.back() / whole;
    const auto after = std::lower_bound(sums_.begin() + 1, sums_.end(), wanted);
    if (sums_.size() == 1 || after == sums_.end()) return values_.back().value;
    const auto i = static_cast<std::size_t>(after - sums_.begin());
    return between(values_[i - 1], values_[i], (wanted - sums_[i - 1]) / (sums_[i] - sums_[i - 1]));
  }

 private:
  static bool less(const Weighted& a, const Weighted& b) { return a.value < b.value; }
  static double between(const Weighted& a, const Weighted& b, double share) {
    return a.value + share * (b.value - a.value);
  }
  double selected(double place) {
    const double below = std::floor(place);
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(below);
    if (!sums_.empty()) return at + 1 == values_.end() ? at->value : between(*at, at[1], place - below);
    std::nth_element(values_.begin(), at, values_.end(), less);
    const auto next = std::min_element(at + 1, values_.end(), less);
    return next == values_.end() ? at->value : between(*at, *next, place - below);
  }

  std::vector<Weighted> values_;
  std::vector<double> sums_;  // if values are sorted
  bool equal_ = true;
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
