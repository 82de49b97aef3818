#include <doctest/doctest.h>

#include <cmath>
#include <limits>
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

}  // namespace

TEST_CASE("an input layer learns from raw rows, and a loaded network predicts them") {
  const std::vector<double> x = {1e6, 5, 1e6 + 2, kNone, 1e6 + 1, 9};
  Network<float> net(2, {Standardize{.missing = Missing::mean}, Dense{1}}, SquaredError{}, 3);
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
