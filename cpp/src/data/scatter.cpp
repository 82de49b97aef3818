#include "data/scatter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/eigen.hpp"
#include "base/registry.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// The lower triangle of sum += left' right, both (rows, n); `memory` has room for a product. Groups of
// columns go around the threads.
void add_product(std::vector<double>& sum, const std::vector<double>& left, const std::vector<double>& right,
                 std::size_t rows, std::size_t n, std::vector<double>& memory) {
  constexpr std::size_t panels_of_group = 8, columns_of_group = panels_of_group * kPanel<double>;
  const auto stride = static_cast<std::ptrdiff_t>(n);
  const Product<double> product{
      memory.data(), stride,  {left.data(), 1, stride}, {right.data(), stride, 1}, n,
      rows,          nullptr, Product<double>::kNone};
  const double flops = static_cast<double>(rows) * static_cast<double>(n) * static_cast<double>(n);
  const Claim claim = claim_for(flops);
  const int team = claim.threads();
  const Scratch<double> packed(Product<double>::kMemory * static_cast<std::size_t>(team), team);
  run_call(team, [&](int thread, int threads) {
    const auto next = static_cast<std::size_t>(threads) * columns_of_group;
    for (std::size_t begin = static_cast<std::size_t>(thread) * columns_of_group; begin < n; begin += next) {
      const std::size_t end = std::min(n, begin + columns_of_group);
      kernels<double>().product(
          product, {begin / kPanel<double>, (end + kPanel<double> - 1) / kPanel<double>}, {begin, n},
          packed.data() + static_cast<std::size_t>(thread) * Product<double>::kMemory);
      for (std::size_t i = begin; i < n; ++i) {
        for (std::size_t j = begin; j < end; ++j) sum[i * n + j] += memory[i * n + j];
      }
    }
  });
}

// The first entry of an eigenvector with at least this share of the largest magnitude is positive: rounding
// decides which of several equal ones is largest.
constexpr double kAboutLargest = 1 - 1e-6;

// Eigenvectors of length 1 as rows, by descending eigenvalue. Eigenvalues that rounding explains are 0.
struct Eigen {
  std::vector<double> values, vectors;

  explicit Eigen(std::vector<double> matrix, std::size_t n) : values(n), vectors(n * n) {
    std::vector<double> unordered(n);
    solve_eigen(n, matrix.data(), unordered.data());
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return unordered[a] > unordered[b]; });
    for (std::size_t k = 0; k < n; ++k) {
      const double* const from = matrix.data() + order[k] * n;
      double largest = 0;
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(from[i]));
      const double sign =
          *std::find_if(from, from + n, [&](double x) { return std::abs(x) >= kAboutLargest * largest; }) < 0
              ? -1
              : 1;
      for (std::size_t i = 0; i < n; ++i) vectors[k * n + i] = sign * from[i];
      values[k] = unordered[order[k]];
    }
    const double noise = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * values[0];
    for (double& value : values) value = value > noise ? value : 0;
  }
};

std::size_t components_of(const Whiten& layer, const std::vector<double>& eigenvalues) {
  std::size_t count = eigenvalues.size();
  if (layer.components >= 1) count = std::min(count, static_cast<std::size_t>(layer.components));
  if (layer.components > 0 && layer.components < 1) {
    const double wanted = layer.components * std::accumulate(eigenvalues.begin(), eigenvalues.end(), 0.0);
    double sum = 0;
    count = 0;
    while (count < eigenvalues.size() && sum < wanted) sum += eigenvalues[count++];
  }
  while (count > 1 && layer.threshold > 0 && eigenvalues[count - 1] <= layer.threshold * eigenvalues[0])
    --count;
  return std::max<std::size_t>(count, 1);
}

}  // namespace

void Scatter::sum(const Ranks& ranks) {
  ranks.sum(std::span(values_));
  weight_ = ranks.sum(weight_);
}

void Scatter::add(const Samples& x, const std::vector<double>& weights, const std::vector<double>& origin,
                  const std::vector<double>& offset, const std::vector<double>& moved) {
  constexpr std::size_t most = 1024;  // rows of a product
  const std::size_t n = origin.size();
  values_.resize(n * n);
  for (std::size_t i = 0; weight_ > 0 && i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) values_[i * n + j] += weight_ * moved[i] * moved[j];
  }
  const bool weighted = std::ranges::any_of(weights, [](double w) { return w != 1; });
  std::vector<double> rows(std::min(most, weights.size()) * n), times_weight(weighted ? rows.size() : 0),
      product(n * n);
  for (std::size_t begin = 0; begin < weights.size(); begin += most) {
    const std::size_t count = std::min(most, weights.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      double* const row = rows.data() + i * n;
      convert_values(row, x, begin + i, {0, n});
      for (std::size_t j = 0; j < n; ++j) {
        const double difference = (row[j] - origin[j]) - offset[j];
        row[j] = std::isnan(difference) ? 0 : difference;
        if (weighted) times_weight[i * n + j] = weights[begin + i] * row[j];
      }
    }
    add_product(values_, weighted ? times_weight : rows, rows, count, n, product);
  }
  for (const double w : weights) weight_ += w;
}

void set_projection(const Whiten& layer, const Scatter& scatter, InputMap& map) {
  const std::size_t n = map.columns, indicators = map.indicators.size();
  std::vector<double> covariance(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = scatter.values()[i * n + j] / scatter.weight() * map.scale[i] * map.scale[j];
      covariance[i * n + j] = covariance[j * n + i] = value;
    }
  }
  const Eigen eigen(std::move(covariance), n);
  const std::size_t count = components_of(layer, eigen.values), of_columns = layer.zca ? n : count;
  map.outputs = of_columns + indicators;
  map.matrix.assign(map.widths().gathered * map.outputs, 0);
  std::vector<double> scaled(eigen.vectors);  // by 1 / deviation of the component
  for (std::size_t k = 0; k < count; ++k) {
    const double variance = std::max(eigen.values[k], layer.floor * eigen.values[0]);
    const double factor = variance > 0 ? 1 / std::sqrt(variance) : 0;
    for (std::size_t i = 0; i < n; ++i) scaled[k * n + i] *= factor;
  }
  const auto set = [&](std::size_t i, std::size_t j, double value) {
    map.matrix[i * map.outputs + j] = value;
  };
  if (layer.zca) {
    std::vector<double> symmetric(n * n), memory(n * n);
    add_product(symmetric, scaled, eigen.vectors, count, n, memory);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        set(i, j, symmetric[i * n + j]);
        set(j, i, symmetric[i * n + j]);
      }
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < count; ++k) set(i, k, scaled[k * n + i]);
    }
  }
  for (std::size_t k = 0; k < indicators; ++k) set(n + k, of_columns + k, 1);
}

}  // namespace fanin
