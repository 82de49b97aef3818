// Weighted moments of columns that may have missing values, for input layers.
#pragma once

#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Of x - origin, in each of n columns, where it is not NaN: the sum of the weights of the rows, the weighted
// mean m and the weighted sum of (x - origin - m)^2. x is (rows, n), row-major. Corrected two-pass algorithm
// (Chan, Golub and LeVeque 1983).
inline void moments_of_present(double* weight, double* mean, double* squares, const double* x,
                               const double* origin, const double* row_weight, std::size_t rows,
                               std::size_t n) {
  for_each<double>(n, [&](std::size_t j, auto lanes) {
    const Vec<double> none(0.0), shift = lanes.load(origin + j);
    Vec<double> weights = none, sum = none;
    for (std::size_t i = 0; i < rows; ++i) {
      const Vec<double> value = lanes.load(x + i * n + j) - shift, w(row_weight[i]);
      const auto present = value == value;
      weights = weights + select(present, w, none);
      sum = sum + select(present, w * value, none);
    }
    const auto any = weights > none;
    const Vec<double> divisor = select(any, weights, Vec<double>(1.0)), m = sum / divisor;
    Vec<double> differences = none, total = none;
    for (std::size_t i = 0; i < rows; ++i) {
      const Vec<double> value = lanes.load(x + i * n + j) - shift, w(row_weight[i]);
      const Vec<double> d = select(value == value, value - m, none);
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
