#include <doctest/doctest.h>

#include <cmath>

#include "base/random.hpp"
#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

// Integers from -3 to 3: sums of a few thousand of their products are exact in float
float small(std::uint64_t stream, std::size_t i) {
  return static_cast<float>(Philox(7, stream).bits(i) % 7) - 3;
}

std::vector<float> numbers(std::uint64_t stream, std::size_t n) {
  std::vector<float> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = small(stream, i);
  return all;
}

}  // namespace

TEST_CASE("the gradient over many blocks of rows is exact if every sum is") {
  constexpr std::size_t rows = 8192, inputs = 70;
  for (const std::size_t units : {1U, 3U, 5U, 33U}) {
    CAPTURE(units);
    const std::vector<float> x = numbers(1, rows * inputs), y = numbers(2, rows * units),
                             w = numbers(3, (inputs + 1) * units);
    const Network<float> net(inputs, {{units}}, SquaredError{});
    const Objective<float> objective(net, row_major(x.data(), rows, inputs),
                                     row_major(y.data(), rows, units));
    REQUIRE(objective.size() == w.size());
    std::vector<float> gradient(w.size());
    const double loss = objective.loss_and_gradient(w, gradient);

    std::vector<double> sums(w.size());
    double squares = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < units; ++j) {
        double z = static_cast<double>(w[inputs * units + j]);
        for (std::size_t k = 0; k < inputs; ++k) {
          z += static_cast<double>(x[i * inputs + k]) * static_cast<double>(w[k * units + j]);
        }
        const double dz = z - static_cast<double>(y[i * units + j]);
        squares += dz * dz;
        for (std::size_t k = 0; k < inputs; ++k) {
          sums[k * units + j] += static_cast<double>(x[i * inputs + k]) * dz;
        }
        sums[inputs * units + j] += dz;
      }
    }
    bool exact = true;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      exact = exact && static_cast<double>(gradient[i]) == sums[i] / rows;
    }
    CHECK(exact);
    CHECK(loss == doctest::Approx(squares / 2 / rows).epsilon(1e-6));
    CHECK(objective.loss(w) == loss);
  }
}

TEST_CASE("a step over all rows follows the gradient of the objective") {
  constexpr std::size_t rows = 5000;
  const std::vector<float> x = numbers(4, rows * 3), y = numbers(5, rows * 2);
  const Samples samples = row_major(x.data(), rows, 3);
  const Targets targets = row_major(y.data(), rows, 2);
  Network<float> net(3, {{7, activation<Tanh>}, Residual{{{7, activation<Gelu>}, Dropout{0.25}}}, {2}},
                     SquaredError{}, 4);
  const auto vector_of = [&] {
    std::vector<float> all;
    for (const ArrayShape& shape : net.arrays()) {
      all.resize(all.size() + shape.rows * shape.columns);
      net.get_array(shape.name, std::span(all).last(shape.rows * shape.columns));
    }
    return all;
  };
  const std::vector<float> before = vector_of();
  std::vector<float> gradient(before.size());
  const double loss = Objective<float>(net, samples, targets).loss_and_gradient(before, gradient);
  Training<float> training(net, samples, targets, {.batch_size = rows, .batches = Batches::in_order});
  CHECK(training.epoch(SGD{1.0}).loss == loss);
  const std::vector<float> after = vector_of();
  bool same = true;
  for (std::size_t i = 0; i < before.size(); ++i) same = same && after[i] == before[i] - gradient[i];
  CHECK(same);
  CHECK_THROWS_WITH_AS(Objective<float>(net, samples, targets).loss(std::span(before).first(3)),
                       doctest::Contains("w: expected "), ValueError);
}

TEST_CASE("a product that is interrupted leaves nothing behind for the next one") {
  constexpr std::size_t rows = 100;
  const std::vector<float> x = numbers(6, rows * 3), y = numbers(7, rows * 2);
  const Samples samples = row_major(x.data(), rows, 3);
  const Targets targets = row_major(y.data(), rows, 2);
  const Network<float> net(3, {{7, activation<Tanh>}, {2}}, SquaredError{}, 4);
  bool stops = false;
  const Objective<float> objective(net, samples, targets, {}, {.interrupted = [&] { return stops; }});
  const Objective<float> other(net, samples, targets);
  const std::vector<float> first = numbers(8, objective.size()), second = numbers(9, objective.size());
  std::vector<float> product(first.size()), expected(first.size());
  std::vector<float> jacobian(2 * first.size());
  const std::vector<std::uint32_t> row = {5};

  objective.hessian_product(first, second, product);
  objective.jacobian(first, jacobian, row);
  stops = true;
  objective.hessian_product(second, second, product);
  CHECK(std::isnan(product[0]));
  stops = false;
  objective.hessian_product(second, second, product);
  other.hessian_product(second, second, expected);
  CHECK(product == expected);
}
