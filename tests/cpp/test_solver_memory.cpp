#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "fanin/fanin.hpp"
#include "solvers/solver_state.hpp"

using namespace fanin;

namespace {

constexpr std::size_t kLines = 50;

template <class T>
struct Wave {
  std::vector<T> x, y;
  Wave() {
    for (std::size_t i = 0; i < kLines; ++i) {
      x.push_back(static_cast<T>(static_cast<double>(i) / kLines));
      y.push_back(static_cast<T>((static_cast<double>(i % 10) - 4) / 8));
    }
  }
  DataSet rows() const { return {row_major(x.data(), kLines, 1), row_major(y.data(), kLines, 1)}; }
};

template <class T>
Network<T> small_net() {
  return Network<T>(1, {Dense{7, Tanh{}}, Dense{1}}, SquaredError{}, 3);
}

const WholeBatch kMethods[] = {LBFGS{.memory = 4}, WholeBatch(LBFGS{}, 0.01), ConjugateGradient{}};

template <class T>
SolverMemory<T> vectors(std::size_t count, T value = 1) {
  return {{}, std::vector<std::vector<T>>(count, std::vector<T>(3, value))};
}

}  // namespace

TEST_CASE_TEMPLATE("ten iterations, a file and ten more are twenty", T, float, double) {
  const Wave<T> data;
  for (const WholeBatch& method : kMethods) {
    Network<T> at_once = small_net<T>(), half = small_net<T>();
    CHECK_FALSE(half.solver().has_value());
    fit(at_once, data.rows(), method, {.epochs = 20});
    fit(half, data.rows(), method, {.epochs = 10});
    Network<T> loaded = Network<T>::from_bytes(half.to_bytes()), copied = half.copy();
    REQUIRE(loaded.solver().has_value());
    CHECK(*loaded.solver() == method);
    for (Network<T>* net : {&half, &loaded, &copied}) {
      fit(*net, data.rows(), *net->solver(), {.epochs = 10});
      CHECK(net->to_bytes() == at_once.to_bytes());
    }
  }
}

TEST_CASE("a network saved in the middle of training by a solver trains further with the same bits") {
  const Wave<double> data;
  const DataSet rows = data.rows();
  for (const WholeBatch& method : kMethods) {
    Network<double> net = small_net<double>();
    std::vector<std::byte> middle;
    {
      SolverTraining<double> training(net, rows.x, rows.y);
      for (int i = 0; i < 5; ++i) training.epoch(method);
      middle = net.to_bytes();
      for (int i = 0; i < 5; ++i) training.epoch(method);
    }
    Network<double> resumed = Network<double>::from_bytes(middle);
    fit(resumed, rows, method, {.epochs = 5});
    CHECK(resumed.to_bytes() == net.to_bytes());
  }
}

TEST_CASE("tolerances may change from iteration to iteration") {
  const Wave<double> data;
  const DataSet rows = data.rows();
  Network<double> net = small_net<double>(), same = small_net<double>();
  fit(net, rows, LBFGS{}, {.epochs = 8});
  SolverTraining<double> training(same, rows.x, rows.y);
  for (std::size_t i = 0; i < 8; ++i) training.epoch(LBFGS{.loss_tolerance = i < 4 ? 1e-12 : 2.2e-9});
  CHECK(same.to_bytes() == net.to_bytes());
}

TEST_CASE("what a solver knows is dropped with the weights it belongs to") {
  const Wave<double> data;
  const DataSet rows = data.rows();
  std::vector<double> bias(7);
  const std::function<void(Network<double>&)> changes[] = {
      [&](Network<double>& net) {
        net.get_array("layer1.bias", bias);
        net.set_array("layer1.bias", bias);
      },
      [&](Network<double>& net) { fit(net, rows, SGD{0.0}, {.epochs = 1}); },
      [&](Network<double>& net) {
        FitOptions options{.epochs = 5, .validation = rows};
        options.early_stopping = EarlyStopping{.patience = 1, .min_delta = 1e9};
        CHECK(fit(net, rows, LBFGS{}, options).best_epoch == 1);
      }};
  for (const auto& change : changes) {
    Network<double> net = small_net<double>();
    fit(net, rows, LBFGS{}, {.epochs = 5});
    CHECK(net.solver().has_value());
    change(net);
    CHECK_FALSE(net.solver().has_value());
  }
}

TEST_CASE("what a solver cannot know is refused") {
  SolverMemory<double> flat = vectors<double>(2), half = vectors<double>(2), numbers = vectors<double>(0);
  flat.vectors[1] = {0, 0, -1};
  half.vectors[1][2] = std::nan("");
  numbers.numbers = {-1, 0};
  CHECK_NOTHROW(check_memory(LBFGS{}, vectors<double>(20), 3));
  CHECK_NOTHROW(check_memory(LBFGS{}, vectors<double>(0), 3));
  CHECK_THROWS_WITH_AS(check_memory(LBFGS{}, vectors<double>(22), 3),
                       "lbfgs: expected at most 10 pairs of vectors, got 22 vectors and 0 numbers",
                       ValueError);
  CHECK_THROWS_AS(check_memory(LBFGS{}, vectors<float>(3), 3), ValueError);
  CHECK_THROWS_WITH_AS(check_memory(LBFGS{}, flat, 3), "lbfgs: expected vectors with s'y > 2.2e-16 y'y",
                       ValueError);
  CHECK_THROWS_WITH_AS(check_memory(LBFGS{}, half, 3), "expected finite vectors, got nan", ValueError);
  CHECK_THROWS_WITH_AS(check_memory(ConjugateGradient{}, numbers, 3),
                       "conjugate_gradient: expected a length of at least 0, beta and at most 1 vector, got "
                       "2 numbers and 0 vectors",
                       ValueError);
}
