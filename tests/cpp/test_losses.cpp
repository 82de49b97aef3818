// Losses that are sums over outputs, and softmax cross-entropy with soft targets, against formulas in double.
#include <cmath>
#include <string>

#include "loss_rows.hpp"

using namespace fanin;
using fanin::test::Matrix;
using fanin::test::run_loss;

namespace {

struct Expected {
  double value, gradient, score;
};

Expected of_output(const SquaredError&, double a, double y, std::size_t) {
  return {(a - y) * (a - y) / 2, a - y, (a - y) * (a - y)};
}
Expected of_output(const AbsoluteError&, double a, double y, std::size_t) {
  return {std::abs(a - y), a > y ? 1.0 : a < y ? -1.0 : 0.0, std::abs(a - y)};
}
Expected of_output(const Huber& l, double a, double y, std::size_t) {
  const double d = std::abs(a - y), gradient = d <= l.delta ? a - y : std::copysign(l.delta, a - y);
  return {d <= l.delta ? d * d / 2 : l.delta * (d - l.delta / 2), gradient, d};
}
Expected of_output(const Quantile& l, double a, double y, std::size_t j) {
  const double q = l.levels.value[j], value = std::max(q * (y - a), (q - 1) * (y - a));
  return {value, y > a ? -q : y < a ? 1 - q : 0.0, value};
}
Expected of_output(const Poisson&, double a, double y, std::size_t) {
  const double ratio = y > 0 ? y * (std::log(y) - a) : 0;
  return {std::exp(a) - y * a, std::exp(a) - y, 2 * (ratio - y + std::exp(a))};
}
Expected of_output(const Gamma&, double a, double y, std::size_t) {
  const double ratio = y * std::exp(-a);
  return {ratio + a, 1 - ratio, 2 * (ratio - 1 - std::log(ratio))};
}
Expected of_output(const LogisticLoss&, double a, double y, std::size_t) {
  const double p = 1 / (1 + std::exp(-a)),
               value = y * std::log1p(std::exp(-a)) + (1 - y) * std::log1p(std::exp(a));
  return {value, p - y, (a > 0) == (y > 0.5) ? 1.0 : 0.0};
}

// Multiples of 1/64, so that differences are exact in float too; targets of all kinds are at least 0, those
// of Gamma above
double output_at(std::size_t i, std::size_t j) {
  return std::round(256 * test::uniform(1, i * 1000 + j)) / 64;
}
template <class L>
double target_at(std::size_t i, std::size_t j) {
  constexpr double least = std::is_same_v<L, Gamma> ? 0.25 : 0;
  if (i % 7 == 3) return least;
  const double u = std::abs(std::round(4 * test::uniform(2, i * 1000 + j)) / 4);
  return L::target_range.high == 1 ? u : 4 * u + least;
}

// Compares each row's loss, score and gradient, with or without weights (one of them 0)
template <class T, class L>
void check_loss_of(const L& loss, std::size_t rows, std::size_t units, bool weighted) {
  constexpr std::size_t one = 1;
  const double tolerance = sizeof(T) == 4 ? 1e-6 : 1e-15;
  Matrix<T> a(rows, units), y(rows, L::kind == TargetKind::one_target ? one : units);
  a.fill(output_at);
  y.fill(target_at<L>);
  std::vector<T> weights(rows);
  for (std::size_t i = 0; i < rows; ++i) weights[i] = static_cast<T>(i % 5) / 2;
  const auto r = run_loss<T>(a, y, nullptr, loss, rows, units, weighted ? weights.data() : nullptr);
  for (std::size_t i = 0; i < rows; ++i) {
    const double weight = weighted ? static_cast<double>(weights[i]) : 1;
    double value = 0, score = 0, size = 1;
    for (std::size_t j = 0; j < units; ++j) {
      const double target = static_cast<double>(y.at(i, L::kind == TargetKind::one_target ? 0 : j));
      const Expected e = of_output(loss, static_cast<double>(a.at(i, j)), target, j);
      value += e.value * weight;
      score += e.score * weight;
      size += (std::abs(e.value) + std::abs(e.score)) * weight + (L::name == Poisson::name ? 60 : 0);
      CHECK(static_cast<double>(r.dz.at(i, j)) ==
            doctest::Approx(e.gradient * weight / 2).epsilon(4 * tolerance).scale(4));
      CHECK(r.dz.at(i, j) == r.dz_transposed.at(j, i));
    }
    CHECK(std::abs(static_cast<double>(r.loss[i]) - value) <= tolerance * size);
    CHECK(std::abs(static_cast<double>(r.score[i]) - score) <= tolerance * size);
  }
  CHECK(r.dz.intact());
  CHECK(r.dz_transposed.intact());
}

template <class L>
L example(std::size_t) {
  return {};
}
template <>
Huber example<Huber>(std::size_t) {
  return {.delta = 1.25};
}
template <>
Quantile example<Quantile>(std::size_t units) {
  Quantile loss;
  loss.levels.count = units;
  for (std::size_t j = 0; j < units; ++j) {
    loss.levels.value[j] = static_cast<double>(j + 1) / static_cast<double>(units + 1);
  }
  return loss;
}

}  // namespace

TEST_CASE_TEMPLATE("every loss of single outputs equals its formula in double, with and without weights", T,
                   float, double) {
  for_each_type(Losses{}, [](auto entry) {
    using L = typename decltype(entry)::type;
    if constexpr (L::kind != TargetKind::labels) {
      for (const std::size_t units : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 65u}) {
        if (L::kind == TargetKind::one_target && units > Numbers::most) continue;
        for (const std::size_t rows : {1u, 16u, 45u}) {
          INFO(std::string(L::name), " rows ", rows, " units ", units);
          for (const bool weighted : {false, true})
            check_loss_of<T>(example<L>(units), rows, units, weighted);
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("softmax cross-entropy of soft and smoothed targets equals its formula in double", T,
                   float, double) {
  const double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-14;
  const std::size_t rows = 37;
  for (const double smoothing : {0.0, 0.125}) {
    for (const bool soft : {false, true}) {
      for (const std::size_t units : {1u, 2u, 10u, 16u, 17u, 33u, 70u}) {
        INFO("smoothing ", smoothing, " soft ", soft, " units ", units);
        Matrix<T> z(rows, units), y(rows, soft ? units : std::size_t{1});
        z.fill([](std::size_t i, std::size_t j) { return 5 * test::uniform(3, i * 1000 + j); });
        if (soft)
          y.fill([](std::size_t i, std::size_t j) { return std::abs(test::uniform(4, i * 1000 + j)); });
        std::vector<std::int32_t> labels(rows);
        std::vector<T> weights(rows);
        for (std::size_t i = 0; i < rows; ++i) {
          labels[i] = static_cast<std::int32_t>((i * 7) % units);
          weights[i] = static_cast<T>(i % 4) / 2;
        }
        const auto r = run_loss<T>(z, y, soft ? nullptr : labels.data(), SoftmaxCrossEntropy{smoothing}, rows,
                                   units, weights.data());
        for (std::size_t i = 0; i < rows; ++i) {
          const double weight = static_cast<double>(weights[i]),
                       share = smoothing / static_cast<double>(units);
          double sum = 0, mass = 0, value = 0;
          const auto target = [&](std::size_t j) {
            const double given =
                soft ? static_cast<double>(y.at(i, j)) : static_cast<std::size_t>(labels[i]) == j;
            return (1 - smoothing) * given + share;
          };
          std::size_t guess = 0, truth = soft ? 0 : static_cast<std::size_t>(labels[i]);
          for (std::size_t j = 0; j < units; ++j) {
            sum += std::exp(static_cast<double>(z.at(i, j)));
            mass += target(j);
            if (z.at(i, j) > z.at(i, guess)) guess = j;
            if (soft && y.at(i, j) > y.at(i, truth)) truth = j;
          }
          for (std::size_t j = 0; j < units; ++j) {
            const double log_p = static_cast<double>(z.at(i, j)) - std::log(sum);
            value -= target(j) * log_p;
            const double gradient = (std::exp(log_p) * mass - target(j)) * weight / 2;
            CHECK(std::abs(static_cast<double>(r.dz.at(i, j)) - gradient) <= tolerance * (1 + mass));
            CHECK(r.dz.at(i, j) == r.dz_transposed.at(j, i));
          }
          CHECK(std::abs(static_cast<double>(r.loss[i]) - value * weight) <= tolerance * (1 + value));
          CHECK(static_cast<double>(r.score[i]) == (guess == truth ? weight : 0));
        }
        CHECK(r.dz.intact());
        CHECK(r.dz_transposed.intact());
      }
    }
  }
}
