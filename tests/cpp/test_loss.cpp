#include <cmath>

#include "loss_rows.hpp"

using namespace fanin;
using fanin::test::Matrix;
using fanin::test::run_loss;

TEST_CASE_TEMPLATE("softmax cross-entropy equals its formula in double, for logits up to 1e4", T, float,
                   double) {
  const double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-14;
  for (const double scale : {1.0, 30.0, 1e4}) {
    for (const std::size_t units : {1u, 2u, 10u, 16u, 17u, 33u, 100u}) {
      const std::size_t rows = 67;
      Matrix<T> z(rows, units), none(rows, 1);
      z.fill([&](std::size_t i, std::size_t j) { return scale * test::uniform(3, i * 1000 + j); });
      std::vector<std::int32_t> labels(rows);
      for (std::size_t i = 0; i < rows; ++i) labels[i] = static_cast<std::int32_t>((i * 7) % units);
      const auto r = run_loss(z, none, labels.data(), SoftmaxCrossEntropy{}, rows, units);
      double worst = 0;
      std::size_t wrong_hits = 0;
      for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t label = static_cast<std::size_t>(labels[i]);
        long double largest = -INFINITY, sum = 0;
        std::size_t best = 0;
        for (std::size_t j = 0; j < units; ++j) {
          if (z.at(i, j) > largest) best = j;
          largest = std::max(largest, static_cast<long double>(z.at(i, j)));
        }
        for (std::size_t j = 0; j < units; ++j) sum += std::exp(z.at(i, j) - largest);
        const auto expected = static_cast<double>(std::log(sum) + (largest - z.at(i, label)));
        worst =
            std::max(worst, std::abs(static_cast<double>(r.loss[i]) - expected) / std::max(1.0, expected));
        wrong_hits += (r.score[i] == 1) != (best == label);
        for (std::size_t j = 0; j < units; ++j) {
          const auto p = static_cast<double>(std::exp(z.at(i, j) - largest) / sum);
          const double d = 0.5 * (p - (j == label ? 1 : 0));
          worst = std::max(worst, std::abs(static_cast<double>(r.dz.at(i, j)) - d));
          CHECK(r.dz.at(i, j) == r.dz_transposed.at(j, i));
        }
      }
      INFO("scale ", scale, " units ", units);
      CHECK(worst <= tolerance);
      CHECK(wrong_hits == 0);
      CHECK(r.dz.intact());
      CHECK(r.dz_transposed.intact());
    }
  }
}

TEST_CASE_TEMPLATE("squared error of integers is exact", T, float, double) {
  for (const std::size_t units : {1u, 16u, 17u, 40u}) {
    const std::size_t rows = 45;
    Matrix<T> a(rows, units), y(rows, units);
    a.fill([](std::size_t i, std::size_t j) { return test::small_integer(1, i, j); });
    y.fill([](std::size_t i, std::size_t j) { return test::small_integer(2, i, j); });
    const auto r = run_loss<T>(a, y, nullptr, SquaredError{}, rows, units);
    for (std::size_t i = 0; i < rows; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < units; ++j) {
        const double d = static_cast<double>(a.at(i, j)) - static_cast<double>(y.at(i, j));
        sum += d * d / 2;
        CHECK(r.dz.at(i, j) == static_cast<T>(d / 2));
        CHECK(r.dz_transposed.at(j, i) == static_cast<T>(d / 2));
      }
      CHECK(r.loss[i] == static_cast<T>(sum));
    }
    CHECK(r.dz.intact());
    CHECK(r.dz_transposed.intact());
  }
}

TEST_CASE_TEMPLATE("a logit that is not finite gives a loss that is not finite", T, float, double) {
  Matrix<T> z(1, 5), none(1, 1);
  for (const double bad : {double{NAN}, double{INFINITY}}) {
    z.at(0, 2) = static_cast<T>(bad);
    const std::int32_t label = 0;
    const auto r = run_loss(z, none, &label, SoftmaxCrossEntropy{}, 1, 5);
    CHECK(!std::isfinite(r.loss[0]));
  }
}

TEST_CASE_TEMPLATE("a row of weight 0 is ignored, whatever its outputs", T, float, double) {
  constexpr std::size_t rows = 5, bad = 3;
  const std::vector<T> weights{1, 2, 1, 0, 1};
  const std::vector<std::int32_t> labels{0, 1, 0, 1, 0};
  for_each_type(Losses{}, [&](auto entry) {
    using L = typename decltype(entry)::type;
    for (const std::size_t units : {2u, 30u}) {
      L loss{};
      if constexpr (std::is_same_v<L, Quantile>) loss.levels.count = units;
      for (const double output : {INFINITY, -INFINITY, NAN}) {
        Matrix<T> a(rows, units), y(rows, L::kind == TargetKind::one_target ? 1 : units);
        a.fill([&](std::size_t i, std::size_t j) {
          return i == bad ? output : test::uniform(1, i * units + j);
        });
        const bool of_labels = L::kind == TargetKind::labels;
        const auto r = run_loss(a, y, of_labels ? labels.data() : nullptr, loss, rows, units, weights.data());
        CHECK((r.loss[bad] == 0 && r.score[bad] == 0));
        for (std::size_t j = 0; j < units; ++j) {
          CHECK((r.dz.at(bad, j) == 0 && r.dz_transposed.at(j, bad) == 0));
        }
        for (std::size_t i = 0; i < rows; ++i) CHECK(std::isfinite(r.loss[i]));
      }
    }
  });
}

TEST_CASE_TEMPLATE("probabilities of a row sum to one", T, float, double) {
  Matrix<T> z(3, 37);
  z.fill([](std::size_t i, std::size_t j) { return 1e4 * test::uniform(5, i * 100 + j); });
  std::vector<T> out(3 * 40, T{-1});
  kernels<T>().outputs(index_in<SoftmaxCrossEntropy, Losses>, out.data(), 40, z.view(), {0, 3});
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < 37; ++j) sum += static_cast<double>(out[i * 40 + j]);
    CHECK(sum == doctest::Approx(1));
    for (std::size_t j = 37; j < 40; ++j) CHECK(out[i * 40 + j] == -1);
  }
}
