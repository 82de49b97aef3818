// Weighted moments of columns that may have missing values, for input layers.
#pragma once

#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Of x - origin, in each of n columns: the sum of the weights of the rows, the weighted mean m and the
// weighted sum of (x - origin - m)^2; of the values that are not NaN if some are missing. x is (rows, n),
// row-major. Corrected two-pass algorithm (Chan, Golub and LeVeque 1983).
template <bool missing>
void moments_of_inputs(double* weight, double* mean, double* squares, const double* x, const double* origin,
                       const double* row_weight, std::size_t rows, std::size_t n) {
  for_each<double>(n, [&](std::size_t j, auto lanes) {
    const Vec<double> none(0.0), shift = lanes.load(origin + j);
    const auto if_present = [&](Vec<double> d, Vec<double> value) {
      return missing ? select(d == d, value, none) : value;
    };
    Vec<double> weights = none, sum = none;
    for (std::size_t i = 0; i < rows; ++i) {
      const Vec<double> d = lanes.load(x + i * n + j) - shift, w(row_weight[i]);
      weights = weights + if_present(d, w);
      sum = sum + if_present(d, w * d);
    }
    const Vec<double> divisor = select(weights > none, weights, Vec<double>(1.0)), m = sum / divisor;
    Vec<double> differences = none, total = none;
    for (std::size_t i = 0; i < rows; ++i) {
      const Vec<double> x_i = lanes.load(x + i * n + j) - shift, w(row_weight[i]);
      const Vec<double> d = if_present(x_i, x_i - m);
      differences = differences + w * d;
      total = fma(w * d, d, total);
    }
    const Vec<double> correction = differences / divisor;
    lanes.store(weights, weight + j);
    lanes.store(m + correction, mean + j);
    lanes.store(max(none, fma(-correction, differences, total)), squares + j);
  });
}

inline void to_doubles(double* out, const float* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(in[i]);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
