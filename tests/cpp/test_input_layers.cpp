#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<double> learned(const Network<float>& net, const std::string& name) {
  for (const LearnedArray& array : net.learned_arrays()) {
    if (array.name == "layer1." + name) return array.values;
  }
  return {};
}

// What the layer after the input layer gets
std::vector<double> first_inputs(const Network<double>& net, const std::vector<double>& x) {
  const std::size_t rows = x.size() / net.inputs(), columns = *net.first_columns();
  std::vector<double> out(rows * columns);
  net.first_inputs(row_major(x.data(), rows, net.inputs()), row_major(out.data(), rows, columns));
  return out;
}

// Correlated columns, by a fixed recurrence
std::vector<double> correlated(std::size_t rows, std::size_t columns) {
  std::vector<double> x(rows * columns);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    x[i] = state / 0x1p32 + (i % columns == 0 ? 5 : 0.7 * x[i - 1]);
  }
  return x;
}

}  // namespace

TEST_CASE(
    "whitened columns are uncorrelated and have variance 1, by Jacobi rotations or the caller's solver") {
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{60}}) {
    const std::size_t rows = 4 * n + 10;
    const std::vector<double> x = correlated(rows, n);
    Network<double> net(n, {Whiten{}, Dense{1}}, SquaredError{});
    net.adapt(row_major(x.data(), rows, n));
    const std::vector<double> y = first_inputs(net, x);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t row = 0; row < rows; ++row) sum += y[row * n + i] * y[row * n + j];
        CHECK(sum / static_cast<double>(rows) == doctest::Approx(i == j).epsilon(1e-9));
      }
    }
    CHECK(first_inputs(Network<double>::from_bytes(net.to_bytes()), x) == y);
  }
  std::size_t asked = 0;
  set_eigen_solver([&](std::size_t n, double* matrix, double* values) {
    asked = n;
    for (std::size_t i = 0; i < n * n; ++i) matrix[i] = i % (n + 1) == 0;
    for (std::size_t i = 0; i < n; ++i) values[i] = 4;
  });
  const std::vector<double> x = {0, 1, 2, 5, 4, 3};
  Network<double> net(2, {Whiten{}, Dense{1}}, SquaredError{});
  net.adapt(row_major(x.data(), 3, 2));
  set_eigen_solver({});
  CHECK(asked == 2);
  CHECK(first_inputs(net, x)[0] == doctest::Approx(-std::sqrt(1.5) / 2));
  Network<double> wide(513, {Whiten{}, Dense{1}}, SquaredError{});
  const std::vector<double> one(513);
  CHECK_THROWS_WITH_AS(wide.adapt(row_major(one.data(), 1, 513)),
                       "eigenvectors of more than 512 columns need a solver of the caller's "
                       "(set_eigen_solver), got 513 columns",
                       ValueError);
}

TEST_CASE("normal scores are those of the shares below") {
  const std::vector<double> x = {3, 1, 2, 9, 4};
  Network<double> net(1, {QuantileLayer{}, Dense{1}}, SquaredError{});
  net.adapt(row_major(x.data(), 5, 1));
  const std::vector<double> y = first_inputs(net, {3, 1, 2.5, 100});
  CHECK(y[0] == 0);
  CHECK(y[1] == doctest::Approx(-1.2815515655446004).epsilon(1e-14));
  CHECK(y[2] == doctest::Approx(0.5 * -0.5244005127080407).epsilon(1e-14));
  CHECK(y[3] == -y[1]);
}

TEST_CASE("parameters are laid out at the first fit if columns depend on missing values") {
  const std::vector<double> x = {1, kNone, 3, 5, 5, 7}, y = {0, 1, 2};
  Network<double> net(2, {Standardize{.missing = Missing::mean}, Dense{1}}, SquaredError{});
  CHECK(!net.first_columns());
  CHECK_THROWS_AS(net.parameters(), ValueError);
  CHECK(net.trained_names() == std::vector<std::string>{"layer2.weight", "layer2.bias"});
  const auto untrained = Network<double>::from_bytes(net.to_bytes());
  CHECK(!untrained.first_columns());
  const DataSet data{row_major(x.data(), 3, 2), row_major(y.data(), 3, 1)};
  fit(net, data, SGD{.learning_rate = 0.1}, {.epochs = 2});
  CHECK(net.parameters() == 4);
  CHECK(first_inputs(net, {3, kNone}) == std::vector<double>{0, 0, 1});
  Network<double> twin = untrained.copy();
  fit(twin, data, SGD{.learning_rate = 0.1}, {.epochs = 2});
  CHECK(twin.to_bytes() == net.to_bytes());
}

TEST_CASE("an input layer learns from raw rows, and a loaded network predicts them") {
  const std::vector<double> x = {1e6, 5, 1e6 + 2, kNone, 1e6 + 1, 9};
  Network<float> net(2, {Standardize{.missing = Missing::mean, .indicators = false}, Dense{1}},
                     SquaredError{}, 3);
  CHECK(!net.adapted());
  net.adapt(row_major(x.data(), 3, 2));
  CHECK(learned(net, "centre") == std::vector<double>{1e6 + 1, 7});
  CHECK(learned(net, "scale")[1] == 0.5);
  const auto loaded = Network<float>::from_bytes(net.to_bytes());
  std::vector<float> before(3), after(3);
  net.predict(row_major(x.data(), 3, 2), row_major(before.data(), 3, 1));
  loaded.predict(row_major(x.data(), 3, 2), row_major(after.data(), 3, 1));
  CHECK(before == after);
}

TEST_CASE("chunks of rows give the quantiles of all rows") {
  const std::vector<double> x = {1, 2, 3, 4, 1e9};
  Network<float> net(1, {RobustScale{}, Dense{1}}, SquaredError{});
  std::size_t row = 0;
  net.adapt([&]() -> std::optional<InputChunk> {
    if (row == x.size()) return std::nullopt;
    return InputChunk{row_major(x.data() + row++, 1, 1)};
  });
  CHECK(learned(net, "centre") == std::vector<double>{3});
  CHECK(learned(net, "scale") == std::vector<double>{0.5});
}

TEST_CASE("the first fit learns from its training set, and validates with what it learned") {
  const std::vector<double> x = {1, 3, 5, 7}, y = {0, 1, 2, 3};
  Network<float> net(1, {Standardize{}, Dense{1}}, SquaredError{});
  const DataSet data{row_major(x.data(), 3, 1), row_major(y.data(), 3, 1)};
  const DataSet other{row_major(x.data() + 3, 1, 1), row_major(y.data() + 3, 1, 1)};
  const History history = fit(net, data, SGD{.learning_rate = 0.1}, {.epochs = 2, .validation = other});
  CHECK(history.epochs.back().validation.has_value());
  CHECK(learned(net, "centre") == std::vector<double>{3});
}

TEST_CASE("an input layer that has not learned, or is not first, is refused with a message") {
  const double one = 1;
  float out = 0;
  const Network<float> net(1, {Standardize{}, Dense{1}}, SquaredError{});
  CHECK_THROWS_WITH_AS(net.predict(row_major(&one, 1, 1), row_major(&out, 1, 1)),
                       "network: its input layer has not learned from data yet; call fit or adapt first",
                       ValueError);
  CHECK_THROWS_WITH_AS(Network<float>(1, {Dense{1}, Standardize{}, Dense{1}}, SquaredError{}),
                       "layers: layer 2: an input layer (standardize) must come first", ValueError);
}

TEST_CASE("layers that code give the coded rows of a table encoder, also after they were saved") {
  const std::size_t rows = 200;
  std::vector<double> x = correlated(rows, 3);
  for (std::size_t row = 0; row < rows; row += 9) x[3 * row + 1] = kNone;
  std::vector<std::vector<double>> columns(3);
  for (std::size_t i = 0; i < x.size(); ++i) columns[i % 3].push_back(x[i]);
  std::vector<TableColumn> learned_columns;
  Table table;
  for (std::size_t j = 0; j < 3; ++j) {
    table.names.push_back("x" + std::to_string(j));
    table.columns.emplace_back(columns[j]);
    learned_columns.push_back(learn_numbers(table.names[j], columns[j], 8));
  }
  const CodedTable coded = TableEncoder(learned_columns).encode(table);
  const CodedRows expected = coded.view();

  Network<double> net(3, {PiecewiseLinear{8}, Dense{4, activation<Tanh>}, Dense{1}}, SquaredError{}, 5);
  CHECK_THROWS_WITH_AS(net.parameters(), doctest::Contains("call fit or adapt first"), ValueError);
  net.adapt(row_major(x.data(), rows, 3));
  CHECK(net.first_columns() == expected.columns);
  CHECK(learned(Network<float>(3, {OneHot{}, Dense{1}}, SquaredError{}), "x0.levels").empty());
  Network<double> twin(expected.columns, {Dense{4, activation<Tanh>}, Dense{1}}, SquaredError{}, 5);
  std::vector<double> of_net(rows), of_twin(rows);
  twin.predict(expected, row_major(of_twin.data(), rows, 1));
  const Network<double> read = Network<double>::from_bytes(net.to_bytes());
  for (const Network<double>* each : {&std::as_const(net), &read}) {
    each->predict(row_major<const double>(x.data(), rows, 3), row_major(of_net.data(), rows, 1));
    CHECK(of_net == of_twin);
  }
}
