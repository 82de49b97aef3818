// Weighted moments of columns that may have missing values, for input layers.
#pragma once

#include "for_each.hpp"

namespace fanin::FANIN_ISA {
namespace {

// A vector of numbers in memory, in double
FANIN_INLINE Vec<double> load_doubles(const double* p) { return Vec<double>::load(p); }
FANIN_INLINE Vec<double> load_doubles(const float* p) {
  typedef float Half __attribute__((vector_size(kVectorBytes / 2)));
  Half half;
  __builtin_memcpy(&half, p, sizeof(half));
  return __builtin_convertvector(half, Vec<double>::Native);
}
template <class S>
FANIN_INLINE Vec<double> load_doubles(const S* p, std::size_t count) {
  S some[Vec<double>::width] = {};
  for (std::size_t i = 0; i < count; ++i) some[i] = p[i];
  return load_doubles(some);
}

// Of x - shift, in each of n columns: the sum of the weights of the rows, the weighted mean m and the
// weighted sum of (x - shift - m)^2 = sum w (x - shift)^2 - (sum w) m^2; of the values that are not NaN if
// some are missing. x is (rows, n) with contiguous rows; those `rows` further down are prefetched. Digits are
// lost only where the shift is far from the mean beside the deviation: a mean of other rows is never, as the
// difference counts in the moments of all.
template <bool missing, class S>
void moments_of_inputs(double* weight, double* mean, double* squares, const S* x, std::ptrdiff_t stride,
                       const double* shift, const double* row_weight, std::size_t rows, std::size_t n) {
  constexpr std::size_t width = Vec<double>::width, group = 4;
  const Vec<double> none(0.0);
  double of_rows = 0;
  for (std::size_t i = 0; i < rows; ++i) of_rows += row_weight[i];
  // `load` reads a vector at a place in a row
  const auto vectors = [&]<std::size_t N>(std::size_t j, auto load, auto store) {
    Vec<double> weights[N], sums[N], products[N], shifts[N];
    for (std::size_t k = 0; k < N; ++k) {
      weights[k] = sums[k] = products[k] = none;
      shifts[k] = load(shift + j + k * width);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const S* const row = x + static_cast<std::ptrdiff_t>(i) * stride + j;
      const S* const later = row + static_cast<std::ptrdiff_t>(rows) * stride;
      for (std::size_t byte = 0; byte < N * width * sizeof(S); byte += 64) {
        __builtin_prefetch(reinterpret_cast<const char*>(later) + byte);
      }
      const Vec<double> w(row_weight[i]);
      for (std::size_t k = 0; k < N; ++k) {
        const Vec<double> difference = load(row + k * width) - shifts[k];
        const Vec<double> d = missing ? select(difference == difference, difference, none) : difference;
        const Vec<double> product = w * d;
        if (missing) weights[k] = weights[k] + select(difference == difference, w, none);
        sums[k] = sums[k] + product;
        products[k] = fma(product, d, products[k]);
      }
    }
    for (std::size_t k = 0; k < N; ++k) {
      const Vec<double> total = missing ? weights[k] : Vec<double>(of_rows);
      const Vec<double> m = sums[k] / select(total > none, total, Vec<double>(1.0));
      store(total, weight + j + k * width);
      store(m, mean + j + k * width);
      store(max(none, fma(-sums[k], m, products[k])), squares + j + k * width);
    }
  };
  const auto load = [](const auto* p) { return load_doubles(p); };
  const auto store = [](Vec<double> a, double* p) { a.store(p); };
  std::size_t j = 0;
  for (; j + group * width <= n; j += group * width) vectors.template operator()<group>(j, load, store);
  for (; j + width <= n; j += width) vectors.template operator()<1>(j, load, store);
  if (j < n) {
    const std::size_t rest = n - j;
    vectors.template operator()<1>(
        j, [&](const auto* p) { return load_doubles(p, rest); },
        [&](Vec<double> a, double* p) { store_partial(a, p, static_cast<int>(rest)); });
  }
}

inline void to_doubles(double* out, const float* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(in[i]);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
