#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;

namespace {

struct Spiral {
  std::vector<float> x;
  std::vector<std::int64_t> y;
  Spiral() {
    for (std::size_t i = 0; i < 300; ++i) {
      const float r = static_cast<float>(i % 100) / 100;
      const float angle = static_cast<float>(i / 100) * 2.1F + 3 * r;  // three arms
      x.push_back(r * std::cos(angle));
      x.push_back(r * std::sin(angle));
      y.push_back(static_cast<std::int64_t>(i / 100));
    }
  }
  Samples samples() const { return row_major<const float>(x.data(), 300, 2); }
  Targets labels() const { return std::span<const std::int64_t>(y); }
};

template <class T>
Network<T> small_net() {
  return {2, {{32, activation<Relu>}, {16, activation<Tanh>}, {3}}, SoftmaxCrossEntropy{}, 1};
}

}  // namespace

TEST_CASE_TEMPLATE("a network learns three spiral arms", T, float, double) {
  const Spiral data;
  Network<T> net = small_net<T>();
  Training<T> training(net, data.samples(), data.labels(), {.batch_size = 32});
  double loss = 0;
  for (int epoch = 0; epoch < 100; ++epoch) loss = training.epoch(Adam{.learning_rate = 0.01}).loss;
  CHECK(loss < 0.2);
  CHECK(net.evaluate(data.samples(), data.labels()).metric > 0.95);
  std::vector<T> p(900);
  net.predict(data.samples(), row_major(p.data(), 300, 3));
  CHECK(p[0] + p[1] + p[2] == doctest::Approx(1));
}

TEST_CASE("an interrupted step changes nothing") {
  const Spiral data;
  Network<float> net = small_net<float>();
  std::vector<float> before(64), after(64);
  net.get_array("layer1.weight", before);
  Training<float> training(
      net, data.samples(), data.labels(),
      {.batch_size = 32, .batches = Batches::shuffled, .interrupted = [] { return true; }});
  CHECK(training.epoch(SGD{}).interrupted);
  net.get_array("layer1.weight", after);
  CHECK(before == after);
}

TEST_CASE("a much too large learning rate is reported with its place, and weights are restored") {
  const Spiral data;
  Network<float> net(2, {{32, activation<Relu>}, {3}}, SoftmaxCrossEntropy{}, 1);
  std::vector<float> before(64), after(64);
  net.get_array("layer1.weight", before);
  Training<float> training(net, data.samples(), data.labels());
  try {
    training.epoch(SGD{.learning_rate = 1e30});
    FAIL("no exception");
  } catch (const DivergedError& error) {
    CHECK(error.epoch == 1);
    CHECK(error.step >= 1);
    CHECK(error.layer >= 1);
    CHECK(std::string(error.what()).find("epoch 1, step ") != std::string::npos);
  }
  net.get_array("layer1.weight", after);
  CHECK(before == after);
  CHECK_FALSE(training.epoch(SGD{}).interrupted);
}

TEST_CASE("a divergence counts the epochs of its fit, and names data far from unit scale") {
  const std::vector<double> x{3000, -3000}, y{500, 700};
  const Samples samples = row_major<const double>(x.data(), 2, 1);
  const Targets targets = row_major<const double>(y.data(), 2, 1);
  for (const std::size_t epochs_before : {std::size_t{0}, std::size_t{7}}) {
    Network<double> net(1, {{1}}, SquaredError{});
    for (int fit = 0; fit < 3; ++fit) Training<double>(net, samples, targets).epoch(SGD{.learning_rate = 0});
    Training<double> training(net, samples, targets, {.epochs_before = epochs_before});
    training.epoch(SGD{.learning_rate = 0});
    try {
      training.epoch(SGD{.learning_rate = 1e300});
      training.epoch(SGD{.learning_rate = 1e300});
      FAIL("no exception");
    } catch (const DivergedError& error) {
      CHECK(error.epoch >= epochs_before + 2);
      CHECK(error.epoch <= epochs_before + 3);
      const std::string what = error.what();
      CHECK(what.find("in epoch " + std::to_string(error.epoch) + ", step 1") != std::string::npos);
      CHECK(
          what.find("X is far from unit scale, which is the likely cause: the values of column 0 have a mean "
                    "absolute value of 3000; subtract") != std::string::npos);
      CHECK(
          what.find("y is far from unit scale, which is the likely cause: the values of column 0 have a mean "
                    "absolute value of 600; divide") != std::string::npos);
    }
  }
}

TEST_CASE("data that were checked are evaluated without checking their values again") {
  const Spiral data;
  const Network<float> net = small_net<float>();
  std::vector<float> x = data.x;
  const Samples samples = row_major<const float>(x.data(), 300, 2);
  CHECK(net.evaluate(samples, data.labels(), {}, {}, Checks::shapes).loss ==
        net.evaluate(samples, data.labels()).loss);
  x[11] = NAN;
  CHECK_THROWS_AS(net.evaluate(samples, data.labels()), ValueError);
  CHECK(std::isnan(net.evaluate(samples, data.labels(), {}, {}, Checks::shapes).loss));
  std::vector<std::int64_t> wrong = data.y;
  wrong[7] = 3;
  CHECK_THROWS_AS(net.evaluate(samples, std::span<const std::int64_t>(wrong), {}, {}, Checks::shapes),
                  ValueError);
}

TEST_CASE("softmax of one output is refused") {
  CHECK_THROWS_WITH_AS(
      Network<float>(2, {{1}}, SoftmaxCrossEntropy{}),
      "loss: softmax_cross_entropy needs an output for each class, at least 2, got 1; for one yes-no output "
      "use the loss logistic",
      ValueError);
}

TEST_CASE("layers with fields out of range are refused") {
  const auto refused = [](Layer layer, const std::string& message) {
    const std::vector<Layer> layers = {std::move(layer), {3}};
    CHECK_THROWS_WITH_AS(Network<float>(2, layers, SquaredError{}), message.c_str(), ValueError);
  };
  refused({0}, "layers: layer 1: units: expected a number in [1, infinity), got 0");
  refused({4, Activation{99}}, "layers: layer 1: activation: expected one of " +
                                   std::to_string(Activations::size) + " activations, got number 99");
  refused({4, activation<Relu>, HeNormal{.gain = 0}},
          "layers: layer 1: initializer: gain: expected a number in (0, infinity), got 0");
  refused(Dense{.units = 4, .batch_norm = BatchNorm{.decay = 1}},
          "layers: layer 1: batch_norm: decay: expected a number in [0, 1), got 1");
  refused(BatchNorm{.epsilon = 0}, "layers: layer 1: epsilon: expected a number in [1e-30, 1e+30], got 0");
  refused(Dropout{NAN}, "layers: layer 1: rate: expected a number in [0, 1), got nan");
}

TEST_CASE("wrong arguments are refused with a message, before anything is written") {
  const Spiral data;
  const std::vector<Layer> layers = {{3}};
  CHECK_THROWS_WITH_AS(Network<float>(0, layers, SquaredError{}), "n_inputs: expected at least 1, got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(Network<float>(2, {}, SquaredError{}), "layers: expected at least one layer, got none",
                       ValueError);
  Network<float> net = small_net<float>();
  const Samples narrow = row_major<const float>(data.x.data(), 600, 1);
  CHECK_THROWS_WITH_AS(net.evaluate(narrow, data.labels()),
                       "X: expected 2 columns, one for each input, got shape (600, 1)", ValueError);
  const Targets few = std::span<const std::int64_t>(data.y).first(299);
  CHECK_THROWS_WITH_AS(Training<float>(net, data.samples(), few), "y: expected 300 rows to match X, got 299",
                       ValueError);
  std::vector<std::int64_t> wrong = data.y;
  wrong[7] = 3;
  CHECK_THROWS_WITH_AS(Training<float>(net, data.samples(), std::span<const std::int64_t>(wrong)),
                       "y: row 7 is 3; labels must be in 0..2 for 3 outputs", ValueError);
  std::vector<float> spoiled = data.x;
  spoiled[11] = NAN;
  CHECK_THROWS_WITH_AS(Training<float>(net, row_major<const float>(spoiled.data(), 300, 2), data.labels()),
                       "X: row 5, column 1 is nan; every value must be finite in float32", ValueError);
  try {
    net.evaluate(row_major<const float>(spoiled.data(), 300, 2), data.labels());
    FAIL("X has a NaN");
  } catch (const BadValueError& error) {
    CHECK(error.argument == "X");
    CHECK(error.row == 5);
    CHECK(error.column == 1);
    CHECK(error.problem == "is nan; every value must be finite in float32");
    CHECK(error.what() == "X: row 5, column 1 " + error.problem);
  }
  const std::vector<double> huge(600, 1e300);
  CHECK_THROWS_WITH_AS(net.evaluate(row_major<const double>(huge.data(), 300, 2), data.labels()),
                       "X: row 0, column 0 is 1e+300; every value must be finite in float32", ValueError);
  Training<float> training(net, data.samples(), data.labels());
  CHECK_THROWS_WITH_AS(training.epoch(SGD{.learning_rate = -1}),
                       "learning_rate: expected a number in [0, infinity), got -1", ValueError);
  CHECK_THROWS_WITH_AS(training.epoch(Momentum{.momentum = 1}),
                       "momentum: expected a number in [0, 1), got 1", ValueError);
  CHECK_THROWS_AS(training.epoch(Adam{.learning_rate = NAN}), ValueError);
  CHECK_THROWS_WITH_AS(Training<float>(net, data.samples(), data.labels()),
                       "network: another training is under way", BusyError);
}

TEST_CASE("many threads can predict at once; a training in between is refused, or the predictions are") {
  const Spiral data;
  Network<float> net = small_net<float>();
  std::vector<float> expected(900);
  net.predict(data.samples(), row_major(expected.data(), 300, 3));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<float> p(900);
      for (int i = 0; i < 50; ++i) {
        net.predict(data.samples(), row_major(p.data(), 300, 3));
        if (p != expected) wrong.fetch_add(1);
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("arrays are read and set by one list, all of them or none") {
  Network<float> net(3, {Layer(2, activation<Relu>, Automatic{}, Zeros{}, BatchNorm{}), Dropout{}, Layer(1)},
                     SquaredError{});
  const std::vector<ArrayShape> arrays = net.arrays();
  std::vector<std::string> names;
  std::vector<std::vector<float>> values;
  std::size_t trained = 0;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    names.push_back(arrays[i].name);
    values.emplace_back(arrays[i].rows * arrays[i].columns, static_cast<float>(i));
    trained += arrays[i].trained ? values.back().size() : 0;
  }
  CHECK(names == std::vector<std::string>{"layer1.weight", "layer1.beta", "layer1.gamma",
                                          "layer1.running_mean", "layer1.running_variance", "layer3.weight",
                                          "layer3.bias"});
  CHECK(trained == net.parameters());
  const auto set = [&] { net.set_arrays({values.begin(), values.end()}); };
  const auto get = [&](std::size_t i) {
    std::vector<float> out(arrays[i].rows * arrays[i].columns);
    net.get_array(names[i], out);
    return out;
  };
  set();
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(get(i) == values[i]);

  const std::vector<std::vector<float>> good = values;
  for (std::vector<float>& array : values) array.assign(array.size(), 9);
  values[4][1] = -1;
  CHECK_THROWS_WITH_AS(set(), "layer1.running_variance: expected numbers of at least 0, got -1", ValueError);
  values[4][1] = 9;
  values[6] = {NAN};
  CHECK_THROWS_WITH_AS(set(), "layer3.bias: row 0, column 0 is nan; every value must be finite", ValueError);
  values[6].clear();
  CHECK_THROWS_WITH_AS(set(), "layer3.bias: expected 1 elements, got 0", ValueError);
  for (std::size_t i = 0; i < good.size(); ++i) CHECK(get(i) == good[i]);
}
