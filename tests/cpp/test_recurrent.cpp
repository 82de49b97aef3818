// Recurrent layers: against their equations in double precision, and streams.
#include <doctest/doctest.h>

#include <cmath>

#include "allocations.hpp"
#include "fanin/fanin.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::allocations;

namespace {

// Sequences of these lengths, with values that look random
template <class T>
struct Ragged {
  std::size_t features;
  std::vector<std::uint64_t> starts = {0};
  std::vector<T> values;

  Ragged(std::size_t features_, const std::vector<std::size_t>& lengths) : features(features_) {
    for (const std::size_t length : lengths) starts.push_back(starts.back() + length);
    for (std::size_t i = 0; i < rows() * features; ++i) values.push_back(static_cast<T>(test::uniform(5, i)));
  }
  std::size_t rows() const { return starts.back(); }
  std::size_t count() const { return starts.size() - 1; }
  Samples view() const { return sequences(row_major<const T>(values.data(), rows(), features), starts); }
  const T* step(std::size_t sequence, std::size_t t) const {
    return values.data() + (starts[sequence] + t) * features;
  }
};

template <class T>
std::vector<double> array_of(const Network<T>& net, const std::string& name, std::size_t size) {
  std::vector<T> values(size);
  net.get_array(name, values);
  return {values.begin(), values.end()};
}

double logistic(double z) { return 1 / (1 + std::exp(-z)); }

// h and c after these steps, by the equations of an LSTM
template <class T>
std::vector<double> lstm(const Network<T>& net, const Ragged<T>& x, std::size_t sequence, std::size_t units) {
  const std::size_t inputs = x.features;
  std::vector<double> h(units), c(units), z[4];
  const char* const gates[] = {"input", "forget", "cell", "output"};
  const std::size_t length = x.starts[sequence + 1] - x.starts[sequence];
  for (std::size_t t = 0; t < length; ++t) {
    for (int k = 0; k < 4; ++k) {
      const std::string gate = std::string("layer1.") + gates[k];
      const auto w = array_of(net, gate + ".weight", inputs * units),
                 r = array_of(net, gate + ".recurrent", units * units);
      z[k] = array_of(net, gate + ".bias", units);
      for (std::size_t j = 0; j < units; ++j) {
        for (std::size_t i = 0; i < inputs; ++i) {
          z[k][j] += static_cast<double>(x.step(sequence, t)[i]) * w[i * units + j];
        }
        for (std::size_t i = 0; i < units; ++i) z[k][j] += h[i] * r[i * units + j];
      }
    }
    for (std::size_t j = 0; j < units; ++j) {
      c[j] = logistic(z[1][j]) * c[j] + logistic(z[0][j]) * std::tanh(z[2][j]);
      h[j] = logistic(z[3][j]) * std::tanh(c[j]);
    }
  }
  return h;
}

template <class T>
std::vector<T> predicted(const Network<T>& net, const Samples& x, std::size_t rows) {
  std::vector<T> out(rows * net.outputs());
  net.predict(x, row_major(out.data(), rows, net.outputs()));
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("an LSTM computes its equations, for any number of units and lengths", T, float, double) {
  const double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-13;
  for (const std::size_t units : {1u, 8u, 16u, 17u, 33u, 64u}) {
    CAPTURE(units);
    const Ragged<T> x(3, {4, 1, 6, 6, 2});
    Dense all{.units = units};
    std::vector<double> identity(units * units);
    for (std::size_t j = 0; j < units; ++j) identity[j * units + j] = 1;
    all.initializer = Values{identity};
    const Network<T> net(3, {LSTM{.units = units}, all}, SquaredError{}, 3);
    const std::vector<T> out = predicted(net, x.view(), x.count());
    for (std::size_t i = 0; i < x.count(); ++i) {
      const std::vector<double> h = lstm(net, x, i, units);
      for (std::size_t j = 0; j < units; ++j) {
        CHECK(std::abs(static_cast<double>(out[i * units + j]) - h[j]) < tolerance);
      }
    }
  }
}

TEST_CASE_TEMPLATE("windows of long sequences carry what the layers remember", T, float, double) {
  const Ragged<T> x(2, {2500, 1, 1100});
  const Network<T> net(
      2, {LSTM{.units = 5, .return_sequences = true}, GRU{.units = 3, .return_sequences = true}, 1},
      SquaredError{});
  const std::vector<T> out = predicted(net, x.view(), x.rows());
  for (std::size_t i = 0; i < x.count(); ++i) {
    RecurrentState<T> state = net.new_state();
    for (std::size_t t = 0; t < x.starts[i + 1] - x.starts[i]; ++t) {
      T y = 0;
      net.step(row_major<const T>(x.step(i, t), 1, 2), row_major(&y, 1, 1), state);
      REQUIRE(y == out[x.starts[i] + t]);
    }
  }
}

TEST_CASE("a step of a stream does not allocate, not even the first") {
  const Network<float> net(3,
                           {Standardize{},
                            LSTM{.units = 64, .return_sequences = true},
                            Dropout{.rate = 0.5},
                            GRU{.units = 20},
                            {2}},
                           SquaredError{});
  const std::vector<float> x(6, 0.5f);
  std::vector<float> out(4);
  Network<float> learned = net.copy();
  learned.adapt(row_major<const float>(std::vector<float>{1, 2, 3, 4, 6, 8}.data(), 2, 3));
  RecurrentState<float> state = learned.new_state(2);
  const std::size_t before = allocations.load();
  learned.step(row_major<const float>(x.data(), 2, 3), row_major(out.data(), 2, 2), state);
  learned.step(row_major<const float>(x.data(), 2, 3), row_major(out.data(), 2, 2), state);
  CHECK(allocations.load() == before);
}

TEST_CASE("an epoch of sequences does not allocate once the rule has its state") {
  const Ragged<float> x(2, {5, 5, 5, 5, 5, 5});
  const std::vector<float> y(6, 1.0f);
  Network<float> net(2, {LSTM{.units = 9, .return_sequences = true}, Recurrent{.units = 4}, {1}},
                     SquaredError{});
  Training<float> training(net, x.view(), row_major<const float>(y.data(), 6, 1), {.batch_size = 2});
  training.epoch(Adam{});
  const std::size_t before = allocations.load();
  training.epoch(Adam{});
  CHECK(allocations.load() == before);
}

TEST_CASE("states can be copied and reset, and belong to their network") {
  const Network<double> net(1, {GRU{.units = 4}, {1}}, SquaredError{}, 7), other = net.copy();
  const double x = 0.5;
  double first = 0, second = 0, again = 0;
  const Samples row = row_major<const double>(&x, 1, 1);
  RecurrentState<double> state = net.new_state();
  net.step(row, row_major(&first, 1, 1), state);
  RecurrentState<double> copy = state;
  net.step(row, row_major(&second, 1, 1), state);
  net.step(row, row_major(&again, 1, 1), copy);
  CHECK(second == again);
  CHECK(second != first);
  state.reset();
  net.step(row, row_major(&again, 1, 1), state);
  CHECK(first == again);
  CHECK_THROWS_WITH_AS(other.step(row, row_major(&again, 1, 1), state),
                       "state: expected one that new_state of this network made, got that of another network",
                       ValueError);
  CHECK_THROWS_AS(net.new_state(0), ValueError);
  const Network<double> plain(1, {{1}}, SquaredError{});
  CHECK_THROWS_AS(plain.new_state(), ValueError);
}

TEST_CASE("sequences that do not fit are refused") {
  const Network<double> net(2, {LSTM{.units = 4}, {1}}, SquaredError{});
  const Ragged<double> x(2, {2, 3});
  std::vector<double> out(5, 7);
  const auto refused = [&](const Samples& samples, std::size_t rows, const char* message) {
    CHECK_THROWS_WITH_AS(net.predict(samples, row_major(out.data(), rows, 1)), message, ValueError);
  };
  const Samples rows = row_major<const double>(x.values.data(), 5, 2);
  refused(rows, 5, "X: expected sequences for the recurrent layers, got rows");
  const std::vector<std::uint64_t> empty = {0, 2, 2, 5}, late = {1, 5}, short_of = {0, 4},
                                   back = {0, 3, 2, 5};
  refused(sequences(rows, empty), 3, "X: sequence 1 has no steps; expected at least one");
  refused(sequences(rows, back), 3, "X: sequence 1 has no steps; expected at least one");
  refused(sequences(rows, late), 1, "X: expected sequences from row 0 to 5, got 1 to 5");
  refused(sequences(rows, short_of), 1, "X: expected sequences from row 0 to 5, got 0 to 4");
  CHECK(out == std::vector<double>(5, 7));
  const Network<double> plain(2, {{1}}, SquaredError{});
  CHECK_THROWS_WITH_AS(plain.predict(x.view(), row_major(out.data(), 5, 1)),
                       "X: expected rows, because no layer is recurrent, got sequences", ValueError);
}
