#include "network/base_rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/floating_point.hpp"
#include "base/text.hpp"
#include "data/gather.hpp"
#include "data/numbers.hpp"
#include "fanin/error.hpp"
#include "fanin/names.hpp"

namespace fanin {
namespace {

// Of a layer with biases, or null
const Initializer* bias_initializer_of(const Layer& layer) {
  if (const auto* dense = std::get_if<Dense>(&layer.kind)) return &dense->bias_initializer;
  if (const auto* tied = std::get_if<Tied>(&layer.kind)) return &tied->bias_initializer;
  return nullptr;
}

bool starts_at_base_rate(const Layer& layer) {
  if (const auto* residual = std::get_if<Residual>(&layer.kind)) {
    return std::ranges::any_of(residual->layers, starts_at_base_rate);
  }
  const Initializer* const biases = bias_initializer_of(layer);
  return biases != nullptr && std::holds_alternative<BaseRate>(*biases);
}

const ActivationLayer* activation_of(const Layer& layer) { return std::get_if<ActivationLayer>(&layer.kind); }

// Labels, as a column, or targets
NumberMatrix matrix_of(const Targets& y) {
  if (const auto* labels = std::get_if<Labels>(&y)) return labels->column;
  if (const auto* m = std::get_if<NumberMatrix>(&y)) return *m;
  if (const auto* m = std::get_if<MatrixView<const float>>(&y)) return numbers(*m);
  return numbers(std::get<MatrixView<const double>>(y));
}

// f(row, weight) for each row that counts
template <class F>
void for_each_row(std::size_t rows, const ScaledWeights& weights, F&& f) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    if (weight > 0) f(i, weight);
  }
}

struct Means {
  std::vector<double> of_outputs;
  double half_a_row = 0;  // its share
};

Means means_of(const NumberMatrix& m, bool labels, std::size_t outputs, const ScaledWeights& weights,
               const Ranks& ranks) {
  Means means{std::vector<double>(outputs)};
  std::vector<double> values(m.columns);
  double total = 0, rows = 0;
  for_each_row(m.rows, weights, [&](std::size_t i, double weight) {
    convert_row(values.data(), m, i, {0, m.columns});
    if (labels) {
      means.of_outputs[std::min(static_cast<std::size_t>(values[0]), outputs - 1)] += weight;
    } else {
      for (std::size_t j = 0; j < outputs; ++j) means.of_outputs[j] += weight * values[j];
    }
    total += weight;
    ++rows;
  });
  ranks.sum(std::span(means.of_outputs));
  total = ranks.sum(total);
  rows = ranks.sum(rows);
  for (double& mean : means.of_outputs) mean /= total;
  means.half_a_row = 0.5 / rows;
  return means;
}

struct WeightedTarget {
  double value, weight;
};

std::vector<WeightedTarget> sorted_column(const NumberMatrix& m, std::size_t column,
                                          const ScaledWeights& weights) {
  std::vector<WeightedTarget> sorted;
  for_each_row(m.rows, weights,
               [&](std::size_t i, double weight) { sorted.push_back({value_at(m, i, column), weight}); });
  std::ranges::stable_sort(sorted, {}, &WeightedTarget::value);
  return sorted;
}

// The value at which the weights, added up, reach this share of their sum; the middle of it and the next one
// if they reach it exactly
double quantile_of(const std::vector<WeightedTarget>& sorted, double level) {
  double total = 0, sum = 0;
  for (const WeightedTarget& t : sorted) total += t.weight;
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    sum += sorted[i].weight;
    if (sum == level * total) return 0.5 * sorted[i].value + 0.5 * sorted[i + 1].value;
    if (sum > level * total) return sorted[i].value;
  }
  return sorted.back().value;
}

// Where the slope of the mean Huber loss is 0: Newton's method, which is exact between two kinks, or half of
// the interval if a step leaves it
double least_huber(const std::vector<WeightedTarget>& sorted, double delta, double begin) {
  double low = sorted.front().value, high = sorted.back().value, a = begin;
  for (int step = 0; step < 100; ++step) {
    double slope = 0, curvature = 0;
    for (const auto& [value, weight] : sorted) {
      slope += weight * std::clamp(a - value, -delta, delta);
      if (std::abs(a - value) <= delta) curvature += weight;
    }
    if (slope == 0) break;
    (slope > 0 ? high : low) = a;
    double next = curvature > 0 ? a - slope / curvature : low;
    if (!(next > low && next < high)) next = 0.5 * low + 0.5 * high;
    if (next == a) break;
    a = next;
  }
  return a;
}

}  // namespace

void check_base_rate(const std::vector<Layer>& layers) {
  std::size_t end = layers.size();  // of the layers before the last activations
  while (end > 0 && activation_of(layers[end - 1]) != nullptr) --end;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!starts_at_base_rate(layers[i])) continue;
    const std::string text = layer_text(i) + "bias_initializer: base_rate ";
    if (bias_initializer_of(layers[i]) == nullptr || i + 1 != end) {
      throw ValueError(text + "is for the layer of outputs; expected a Dense or a Tied that is last");
    }
    const auto* const dense = std::get_if<Dense>(&layers[i].kind);
    Activation last = dense != nullptr ? dense->activation : std::get<Tied>(layers[i].kind).activation;
    for (std::size_t j = end; j < layers.size() && last == activation<Identity>; ++j) {
      last = activation_of(layers[j])->activation;
    }
    if (last == activation<Identity>) continue;
    throw ValueError(text + "needs outputs with the activation identity, for which the loss is made; got " +
                     names_of(Activations{})[static_cast<std::size_t>(static_cast<int>(last))]);
  }
}

template <class T>
std::vector<T> base_rates(const std::vector<Layer>& layers, const Loss& loss, std::size_t outputs,
                          const Targets& y, const ScaledWeights& weights, const Ranks& ranks) {
  std::vector<T> biases;
  if (std::ranges::none_of(layers, starts_at_base_rate)) return biases;
  const FloatingPointScope modes;
  const NumberMatrix m = matrix_of(y);
  const auto add = [&](double bias) {
    constexpr double most = std::numeric_limits<T>::max();
    biases.push_back(static_cast<T>(std::clamp(bias, -most, most)));
  };
  std::visit(
      [&]<class L>(const L& l) {
        if constexpr (requires { l.constant(0.0, 0.0, outputs); }) {
          const Means means = means_of(m, std::holds_alternative<Labels>(y), outputs, weights, ranks);
          for (const double mean : means.of_outputs) add(l.constant(mean, means.half_a_row, outputs));
        } else {
          if (ranks.many()) {
            throw ValueError(
                "bias_initializer: base_rate is a quantile of all targets, which no rank has; use zeros");
          }
          std::vector<WeightedTarget> sorted;
          for (std::size_t j = 0; j < outputs; ++j) {
            if (j < m.columns) sorted = sorted_column(m, j, weights);
            const double quantile = quantile_of(sorted, l.level(j));
            if constexpr (std::is_same_v<L, Huber>) {
              add(least_huber(sorted, l.delta, quantile));
            } else {
              add(quantile);
            }
          }
        }
      },
      loss);
  return biases;
}

template std::vector<float> base_rates(const std::vector<Layer>&, const Loss&, std::size_t, const Targets&,
                                       const ScaledWeights&, const Ranks&);
template std::vector<double> base_rates(const std::vector<Layer>&, const Loss&, std::size_t, const Targets&,
                                        const ScaledWeights&, const Ranks&);

}  // namespace fanin
