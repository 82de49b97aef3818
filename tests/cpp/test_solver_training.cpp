#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

constexpr std::size_t kRows = 200;

// y = sin(3 x) on [-1, 1]
template <class T>
struct Sine {
  std::vector<T> x, y;
  Sine() {
    for (std::size_t i = 0; i < kRows; ++i) {
      x.push_back(static_cast<T>(2.0 * static_cast<double>(i) / (kRows - 1) - 1));
      y.push_back(static_cast<T>(std::sin(3 * static_cast<double>(x.back()))));
    }
  }
  DataSet rows() const { return {row_major(x.data(), kRows, 1), row_major(y.data(), kRows, 1)}; }
};

template <class T>
Network<T> new_net() {
  return Network<T>(1, {Dense{10, Tanh{}}, Dense{1}}, SquaredError{}, 1);
}

const WholeBatch kSolvers[] = {LBFGS{}, ConjugateGradient{}};

}  // namespace

TEST_CASE_TEMPLATE("a solver fits a network until it ends", T, float, double) {
  const Sine<T> data;
  for (const WholeBatch& method : kSolvers) {
    Network<T> net = new_net<T>();
    const History history = fit(net, data.rows(), method);
    CHECK(history.ended.has_value());
    CHECK(history.stopped_epoch == history.epochs.size());
    CHECK(history.epochs.back().loss < 1e-3);
    for (std::size_t i = 1; i < history.epochs.size(); ++i) {
      CHECK(history.epochs[i].loss <= history.epochs[i - 1].loss + 2e-6);
    }
    const Epoch& last = history.epochs.back();
    REQUIRE(last.iteration.has_value());
    CHECK(last.iteration->number == history.epochs.size());
    CHECK(last.learning_rate == last.iteration->step);
    const double loss = net.evaluate(data.rows().x, data.rows().y).loss;
    CHECK(last.loss == doctest::Approx(loss).epsilon(1e-5));
  }
}

TEST_CASE("a fit by a solver has the steps of minimize on the objective, bit for bit") {
  const Sine<float> data;
  const DataSet rows = data.rows();
  const double l2 = 0.01;
  Network<float> net = new_net<float>(), same = new_net<float>();
  const Objective<float> objective(net, rows.x, rows.y, {}, {.l2 = l2});
  std::vector<float> w;
  for (const ArrayShape& array : net.arrays()) {
    std::vector<float> values(array.rows * array.columns);
    net.get_array(array.name, values);
    w.insert(w.end(), values.begin(), values.end());
  }
  const Function<float> f = [&](std::span<const float> at, std::span<float> gradient) {
    return gradient.empty() ? objective.loss(at) : objective.loss_and_gradient(at, gradient);
  };
  const Minimum found = minimize<float>(f, w, LBFGS{}, {.iterations = 20});
  for (const int threads : {1, 3}) {
    cpu::set_num_threads(threads);
    Network<float> trained = new_net<float>();
    const History history = fit(trained, rows, WholeBatch(LBFGS{}, l2), {.epochs = 20});
    std::vector<float> fitted;
    for (const ArrayShape& array : trained.arrays()) {
      std::vector<float> values(array.rows * array.columns);
      trained.get_array(array.name, values);
      fitted.insert(fitted.end(), values.begin(), values.end());
    }
    CHECK(fitted == w);
    CHECK(history.epochs.back().loss == doctest::Approx(found.loss - objective.penalty(w)).epsilon(1e-9));
  }
  cpu::set_num_threads(0);
}

TEST_CASE("the penalty is that of weights, not of biases, in the loss and in the gradient") {
  const Sine<double> data;
  const DataSet rows = data.rows();
  const Network<double> net = new_net<double>();
  const Objective<double> plain(net, rows.x, rows.y), with(net, rows.x, rows.y, {}, {.l2 = 0.5});
  std::vector<double> w(plain.size(), 0.3), g(w.size()), h(w.size());
  const double loss = plain.loss_and_gradient(w, g), more = with.loss_and_gradient(w, h);
  CHECK(more - loss == doctest::Approx(0.25 * 20 * 0.09));
  CHECK(with.penalty(w) == doctest::Approx(0.25 * 20 * 0.09));
  CHECK(with.loss(w) == more);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const bool weight = i < 10 || (i >= 20 && i < 30);
    CHECK(h[i] - g[i] == doctest::Approx(weight ? 0.15 : 0));
  }
}

TEST_CASE("weights that a callback sets make a solver forget") {
  const Sine<double> data;
  Network<double> net = new_net<double>(), fresh = new_net<double>();
  std::vector<double> zeros(10, 0.25);
  const DataSet rows = data.rows();
  SolverTraining<double> training(net, rows.x, rows.y);
  for (int i = 0; i < 5; ++i) training.epoch(LBFGS{});
  net.set_array("layer1.bias", zeros);
  fresh.set_array("layer1.weight", [&] {
    std::vector<double> values(10);
    net.get_array("layer1.weight", values);
    return values;
  }());
  for (const char* name : {"layer1.bias", "layer2.weight", "layer2.bias"}) {
    std::vector<double> values(name == std::string("layer2.bias") ? 1 : 10);
    net.get_array(name, values);
    fresh.set_array(name, values);
  }
  SolverTraining<double> other(fresh, rows.x, rows.y);
  CHECK(training.epoch(LBFGS{}).loss == other.epoch(LBFGS{}).loss);
  CHECK(training.epoch(LBFGS{}).loss == other.epoch(LBFGS{}).loss);
}

TEST_CASE("a fit by a solver is stopped by its limits, by validation and by the caller") {
  const Sine<double> data;
  Network<double> net = new_net<double>();
  CHECK(fit(net, data.rows(), LBFGS{}, {.epochs = 3}).epochs.size() == 3);
  CHECK(fit(net, data.rows(), LBFGS{}, {.max_steps = 2}).epochs.size() == 2);
  CHECK(fit(net, data.rows(), LBFGS{}, {.max_time = 1e-9}).epochs.size() == 1);
  FitOptions validated{.validation = data.rows()};
  validated.early_stopping = EarlyStopping{.patience = 2, .min_delta = 1e9};
  const History history = fit(net, data.rows(), LBFGS{}, validated);
  CHECK(history.epochs.size() == 3);
  CHECK(history.best_epoch == 1);
  std::vector<double> before(10), after(10);
  net.get_array("layer1.weight", before);
  const History none = fit(net, data.rows(), LBFGS{}, {.interrupted = [] { return true; }});
  net.get_array("layer1.weight", after);
  CHECK(none.epochs.empty());
  CHECK(before == after);
}

TEST_CASE("a loss that is not finite at the start is reported") {
  const Sine<float> data;
  Network<float> net = new_net<float>();
  net.set_array("layer2.weight", std::vector<float>(10, 3e38f));
  CHECK_THROWS_WITH_AS(
      fit(net, data.rows(), LBFGS{}),
      "training diverged: the loss or its gradient is not finite at the weights a solver starts from",
      DivergedError);
}

TEST_CASE("what a solver cannot train is refused, with nothing changed") {
  const Sine<double> data;
  const auto check = [&](const char* message, std::vector<Layer> layers, const WholeBatch& method) {
    Network<double> net(1, std::move(layers), SquaredError{});
    const std::vector<std::byte> before = net.to_bytes();
    CHECK_THROWS_WITH_AS(fit(net, data.rows(), method), message, ValueError);
    CHECK(net.to_bytes() == before);
    fit(net, data.rows(), Adam{}, {.epochs = 1});  // it is free again
  };
  Dense normalized{4};
  normalized.batch_norm = BatchNorm{};
  check("network: expected no batch norm, because a solver needs the same function in every iteration",
        {normalized, Dense{1}}, LBFGS{});
  check("network: expected no dropout, because a solver needs the same function in every iteration",
        {Dense{4}, Dropout{0.5}, Dense{1}}, LBFGS{});
  const char* const because = ": expected the default, because a solver takes all samples at once";
  const std::pair<const char*, FitOptions> options[] = {{"batch_size", {.batch_size = 10}},
                                                        {"batches", {.batches = Batches::in_order}},
                                                        {"order_seed", {.order_seed = 1}}};
  for (const auto& [name, given] : options) {
    Network<double> net = new_net<double>();
    CHECK_THROWS_WITH_AS(fit(net, data.rows(), LBFGS{}, given), (name + std::string(because)).c_str(),
                         ValueError);
  }
  check("l2: expected a number in [0, infinity), got -1", {Dense{1}}, WholeBatch(LBFGS{}, -1));
  check("memory: expected a number in [1, infinity), got 0", {Dense{1}}, LBFGS{.memory = 0});
}
