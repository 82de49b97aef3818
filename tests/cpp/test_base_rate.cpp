#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

Dense at_base_rate(std::size_t units) { return {units, activation<Identity>, Zeros{}, BaseRate{}}; }

std::vector<double> biases(const Network<double>& net) {
  std::vector<double> values(net.outputs());
  net.get_array("layer1.bias", values);
  return values;
}

// After an epoch that changes nothing else
std::vector<double> start(std::size_t outputs, const Loss& loss, const Targets& y, std::size_t rows,
                          SampleWeights weights = {}) {
  const std::vector<double> x(rows);
  Network<double> net(1, {at_base_rate(outputs)}, loss);
  fit(net, {row_major(x.data(), rows, 1), y, weights}, SGD{.learning_rate = 0}, {.epochs = 1});
  return biases(net);
}

}  // namespace

TEST_CASE("biases start at the constant of least loss, which differs by loss") {
  const std::vector<double> y = {0, 0, 1, 0, 3}, p = {0, 1, 1, 1};
  const auto targets = row_major(y.data(), 5, 1);
  CHECK(start(1, SquaredError{}, targets, 5)[0] == doctest::Approx(0.8));
  CHECK(start(1, AbsoluteError{}, targets, 5)[0] == 0);
  CHECK(start(1, Huber{.delta = 1}, targets, 5)[0] == doctest::Approx(0.5));
  CHECK(start(2, Quantile{.levels = {{0.3, 0.7}, 2}}, targets, 5) == std::vector<double>{0, 1});
  CHECK(start(1, Poisson{}, targets, 5)[0] == doctest::Approx(std::log(0.8)));
  CHECK(start(1, Gamma{}, row_major(y.data() + 4, 1, 1), 1)[0] == doctest::Approx(std::log(3.0)));
  CHECK(start(1, LogisticLoss{}, row_major(p.data(), 4, 1), 4)[0] == doctest::Approx(std::log(3.0)));
  const std::vector<std::int64_t> labels = {1, 1, 2, 1};
  const std::vector<double> a = start(3, SoftmaxCrossEntropy{}, Labels(labels), 4);
  CHECK(a[0] == doctest::Approx(std::log(0.125)));  // half a row
  CHECK(a[1] == doctest::Approx(std::log(0.75)));
  CHECK(a[2] == doctest::Approx(std::log(0.25)));
}

TEST_CASE("sample weights count, and rows of weight 0 do not") {
  const std::vector<double> y = {1, 5, 1e9}, weights = {3, 1, 0};
  CHECK(start(1, SquaredError{}, row_major(y.data(), 3, 1), 3, weights)[0] == 2);
  CHECK(start(1, AbsoluteError{}, row_major(y.data(), 3, 1), 3, weights)[0] == 1);
}

TEST_CASE("a reloaded network starts there at its first epoch, and a trained one stays where it is") {
  const std::vector<double> x = {0, 0}, y = {1, 3}, later = {10, 10};
  auto net = Network<double>::from_bytes(Network<double>(1, {at_base_rate(1)}, SquaredError{}).to_bytes());
  CHECK(biases(net)[0] == 0);
  const auto train = [&](const std::vector<double>& targets) {
    const DataSet data{row_major(x.data(), 2, 1), row_major(targets.data(), 2, 1)};
    fit(net, data, SGD{.learning_rate = 0}, {.epochs = 1});
  };
  train(y);
  CHECK(biases(net)[0] == 2);
  net.set_array("layer1.bias", std::vector<double>{0});
  train(later);
  CHECK(biases(net)[0] == 0);
}

TEST_CASE("biases that start at the base rate are refused where they cannot act") {
  const auto make = [](std::vector<Layer> layers) {
    return Network<float>(2, std::move(layers), SquaredError{});
  };
  CHECK_THROWS_WITH_AS(make({at_base_rate(2), {1}}),
                       "layers: layer 1: bias_initializer: base_rate is for the layer of outputs; expected a "
                       "Dense or a Tied that is last",
                       ValueError);
  CHECK_THROWS_WITH_AS(make({{3}, Residual{{at_base_rate(3)}}}),
                       "layers: layer 2: bias_initializer: base_rate is for the layer of outputs; expected a "
                       "Dense or a Tied that is last",
                       ValueError);
  CHECK_THROWS_WITH_AS(make({at_base_rate(2), ActivationLayer{activation<Tanh>}}),
                       "layers: layer 1: bias_initializer: base_rate needs outputs with the activation "
                       "identity, for which the loss is made; got tanh",
                       ValueError);
  CHECK_THROWS_WITH_AS(make({{2, activation<Identity>, BaseRate{}}}),
                       "layers: layer 1: initializer: base_rate is for biases", ValueError);
  CHECK(make({at_base_rate(2), ActivationLayer{}}).outputs() == 2);
}
