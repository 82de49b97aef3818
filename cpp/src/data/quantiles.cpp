#include "data/quantiles.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "fanin/math.hpp"
#include "kernels/table.hpp"

namespace fanin {
namespace {

// The polynomial with these coefficients, that of the highest power first
template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = 0;
  for (const double c : coefficients) sum = sum * x + c;
  return sum;
}

// q / p of a central q = p - 1/2, as a function of (0.425 - q)(0.425 + q)
constexpr double kCentre[] = {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
                              4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
                              1.3314166789178437745e+2, 3.3871328727963666080e+0};
constexpr double kCentreBelow[] = {
    5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
    5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0};
// and in the tails, of sqrt(-log(smaller of p and 1 - p)) - 1.6
constexpr double kTail[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                            1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
                            4.63033784615654529590e+0, 1.42343711074968357734e+0};
constexpr double kTailBelow[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                 6.89767334985100004550e-1, 1.67638483018380384940e+0,
                                 2.05319162663775882187e+0, 1.0};

// Keys that are ordered as the numbers are
std::uint64_t key_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}
double number_of(std::uint64_t key) {
  return std::bit_cast<double>(key >> 63 != 0 ? key ^ std::uint64_t{1} << 63 : ~key);
}

}  // namespace

void sort_numbers(std::vector<double>& values) {
  constexpr std::size_t few = 512, bytes = sizeof(std::uint64_t);
  if (values.size() < few) return std::sort(values.begin(), values.end());
  if (std::is_sorted(values.begin(), values.end())) return;
  std::vector<std::uint64_t> keys(values.size()), sorted(values.size());
  std::vector<std::array<std::size_t, 256>> counts(bytes);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i] = key_of(values[i]);
    for (std::size_t b = 0; b < bytes; ++b) ++counts[b][keys[i] >> (8 * b) & 255];
  }
  for (std::size_t b = 0; b < bytes; ++b) {
    if (counts[b][keys[0] >> (8 * b) & 255] == keys.size()) continue;  // the same in all
    std::size_t begin = 0;
    for (std::size_t& count : counts[b]) begin += std::exchange(count, begin);
    for (const std::uint64_t key : keys) sorted[counts[b][key >> (8 * b) & 255]++] = key;
    keys.swap(sorted);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) values[i] = number_of(keys[i]);
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kCentre, r) / polynomial(kCentreBelow, r);
  }
  const double r = std::sqrt(-math::log(q < 0 ? p : 1 - p)) - 1.6;
  const double x = polynomial(kTail, r) / polynomial(kTailBelow, r);
  return q < 0 ? -x : x;
}

void set_normal_scores(const Quantiles& quantiles, double* knots, double* scores) {
  constexpr std::size_t most = ColumnMap::kKnots;
  const std::size_t count = std::min(most, quantiles.size());
  double at[most];
  for (std::size_t k = 0; k < count; ++k) {
    at[k] = quantiles.at(static_cast<double>(k), static_cast<double>(std::max<std::size_t>(1, count - 1)));
  }
  std::size_t distinct = 0;
  for (std::size_t k = 0, end = 0; k < count; k = end, ++distinct) {
    while (end < count && at[end] <= at[k]) ++end;
    knots[distinct] = at[k];
    scores[distinct] = normal_quantile(0.5 * static_cast<double>(k + end) / static_cast<double>(count));
  }
  for (std::size_t k = distinct; k < most; ++k) {
    knots[k] = knots[distinct - 1];
    scores[k] = scores[distinct - 1];
  }
}

double score_of(double value, const double* knots, const double* scores) {
  const auto after =
      static_cast<std::size_t>(std::upper_bound(knots, knots + ColumnMap::kKnots, value) - knots);
  if (after == 0) return scores[0];
  if (after == ColumnMap::kKnots) return scores[after - 1];
  const double share = (value - knots[after - 1]) / (knots[after] - knots[after - 1]);
  return scores[after - 1] + share * (scores[after] - scores[after - 1]);
}

}  // namespace fanin
