#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.hpp"
#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

struct Parameters {
  std::vector<double> weights, biases;
};

template <class T = double>
Parameters first_layer(std::size_t inputs, const Dense& layer, std::uint64_t seed = 0) {
  const Network<T> net(inputs, {layer}, SquaredError{}, seed);
  std::vector<T> weights(inputs * layer.units), biases(layer.units);
  net.get_array("layer1.weight", weights);
  net.get_array("layer1.bias", biases);
  return {{weights.begin(), weights.end()}, {biases.begin(), biases.end()}};
}

double deviation(const std::vector<double>& values) {
  double squares = 0;
  for (const double v : values) squares += v * v;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// FNV-1a of all bytes
std::uint64_t digest(const Parameters& parameters) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const auto* part : {&parameters.weights, &parameters.biases}) {
    std::vector<unsigned char> bytes(part->size() * sizeof(double));
    std::memcpy(bytes.data(), part->data(), bytes.size());
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

TEST_CASE("drawn weights and biases have the published standard deviation, times the gain") {
  const double in = 90, out = 700;
  const std::pair<Initializer, double> published[] = {
      {Automatic{}, std::sqrt(2 / in)},
      {HeNormal{.gain = 0.5}, 0.5 * std::sqrt(2 / in)},
      {HeUniform{.gain = 2}, 2 * std::sqrt(2 / in)},
      {GlorotNormal{}, std::sqrt(2 / (in + out))},
      {GlorotUniform{.gain = 3}, 3 * std::sqrt(2 / (in + out))},
      {LecunNormal{.gain = 0.1}, 0.1 * std::sqrt(1 / in)},
      {LecunUniform{}, std::sqrt(1 / in)},
  };
  for (const auto& [initializer, expected] : published) {
    const Parameters p = first_layer(90, {700, activation<Relu>, initializer, initializer});
    CHECK(deviation(p.weights) == doctest::Approx(expected).epsilon(0.02));
    CHECK(deviation(p.biases) == doctest::Approx(expected).epsilon(0.15));
  }
}

TEST_CASE("constants, zeros and a caller's values are used as given") {
  const Parameters p =
      first_layer(2, {3, activation<Identity>, Values{{1, 2, 3, 4, 5, 6}}, Constant{.value = -0.5}});
  CHECK(p.weights == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(p.biases == std::vector<double>{-0.5, -0.5, -0.5});
  const Parameters q = first_layer(2, {2, activation<Identity>, Zeros{}, Values{{7, 8}}});
  CHECK(q.weights == std::vector<double>(4));
  CHECK(q.biases == std::vector<double>{7, 8});
}

TEST_CASE("a sparse unit has its number of connections, from inputs of its own") {
  const Parameters p = first_layer(50, {40, activation<Tanh>, Sparse{.connections = 6, .deviation = 2}});
  std::vector<std::vector<std::size_t>> chosen(40);
  for (std::size_t i = 0; i < p.weights.size(); ++i) {
    if (p.weights[i] != 0) chosen[i % 40].push_back(i / 40);
  }
  for (const auto& inputs : chosen) CHECK(inputs.size() == 6);
  std::sort(chosen.begin(), chosen.end());
  CHECK(std::unique(chosen.begin(), chosen.end()) == chosen.end());
}

TEST_CASE("orthogonal weights have orthonormal columns, or rows if there are more units than inputs") {
  const std::pair<std::size_t, std::size_t> shapes[] = {{70, 40}, {40, 70}, {50, 50}};
  for (const auto& shape : shapes) {
    const std::size_t inputs = shape.first, units = shape.second;
    const Parameters p = first_layer(inputs, {units, activation<Identity>, Orthogonal{.gain = 2}});
    const auto at = [&](std::size_t of, std::size_t i) {
      return p.weights[inputs >= units ? i * units + of : of * units + i];
    };
    for (std::size_t a = 0; a < std::min(inputs, units); ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < std::max(inputs, units); ++i) product += at(a, i) * at(b, i);
        CHECK(std::abs(product - (a == b ? 4 : 0)) < 1e-13);
      }
    }
  }
}

TEST_CASE("every set of two of five is chosen about equally often, and all flags are cleared") {
  std::vector<int> count(25);
  char taken[5] = {};
  for (std::uint64_t i = 0; i < 5000; ++i) {
    std::uint32_t chosen[2];
    choose(chosen, 2, 5, Philox(3, 0), 2 * i, taken);
    ++count[std::min(chosen[0], chosen[1]) * 5 + std::max(chosen[0], chosen[1])];
  }
  CHECK(std::count_if(count.begin(), count.end(), [](int c) { return c > 0; }) == 10);
  for (const int c : count) CHECK((c == 0 || std::abs(c - 500) < 106));  // five standard deviations
  CHECK(std::count(std::begin(taken), std::end(taken), 0) == 5);
}

TEST_CASE("initial values equal the stored ones on every machine") {
  const std::pair<Initializer, std::uint64_t> stored[] = {
      {Automatic{}, 0x14c9209f3979f923},     {HeNormal{}, 0x6a021b241cb03671},
      {HeUniform{}, 0x46b039d8615b0ec0},     {GlorotNormal{}, 0x8f0a2f1bc4c78e54},
      {GlorotUniform{}, 0x2b9041c92873b821}, {LecunNormal{}, 0x1ea217637a058233},
      {LecunUniform{}, 0x94fafeee9d232c3d},  {Sparse{}, 0xc14b525973d22555},
      {Orthogonal{}, 0x2f1c301ca7d98ef2},
  };
  for (const auto& [initializer, expected] : stored) {
    const bool for_weights =
        std::holds_alternative<Sparse>(initializer) || std::holds_alternative<Orthogonal>(initializer);
    const Dense layer{33, activation<SymmetricLogistic>, initializer,
                      for_weights ? Initializer{Zeros{}} : initializer};
    CHECK(digest(first_layer<float>(20, layer, 5)) == expected);
  }
}

TEST_CASE("an initializer that does not fit its layer is refused with a message") {
  const auto make = [](const Dense& layer) { return Network<float>(3, {{4}, layer}, SquaredError{}); };
  const auto weights = [&](const Initializer& i) { return make({2, activation<Identity>, i}); };
  const auto biases = [&](const Initializer& i) { return make({2, activation<Identity>, Zeros{}, i}); };
  CHECK_THROWS_WITH_AS(weights(HeNormal{.gain = 0}),
                       "layers: layer 2: initializer: gain: expected a number in (0, infinity), got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      biases(Constant{NAN}),
      "layers: layer 2: bias_initializer: value: expected a number in (-infinity, infinity), "
      "got nan",
      ValueError);
  CHECK_THROWS_WITH_AS(
      weights(Constant{1e300}),
      "layers: layer 2: initializer: row 0, column 0 is 1e+300; every value must be finite in "
      "float32",
      ValueError);
  CHECK_THROWS_WITH_AS(weights(Values{{1, 2, 3, 4}}),
                       "layers: layer 2: initializer: array: expected (4, 2) elements, got 4", ValueError);
  CHECK_THROWS_WITH_AS(weights(Values{}),
                       "layers: layer 2: initializer: array: expected (4, 2) elements, got 0", ValueError);
  CHECK_THROWS_WITH_AS(biases(Values{{1, 2, 3}}),
                       "layers: layer 2: bias_initializer: array: expected 2 elements, got 3", ValueError);
  CHECK_THROWS_WITH_AS(
      biases(Values{{1, NAN}}),
      "layers: layer 2: bias_initializer: row 0, column 1 is nan; every value must be finite in "
      "float32",
      ValueError);
  CHECK_THROWS_WITH_AS(
      weights(Sparse{}),
      "layers: layer 2: initializer: connections: expected at most 4, the inputs of the layer, "
      "got 15",
      ValueError);
  CHECK_THROWS_WITH_AS(weights(Sparse{.connections = 0}),
                       "layers: layer 2: initializer: connections: expected a number in [1, infinity), got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      biases(Sparse{.connections = 1}),
      "layers: layer 2: bias_initializer: sparse selects some of a unit's weights, but a unit "
      "has only one bias",
      ValueError);
  CHECK_THROWS_WITH_AS(
      biases(Orthogonal{}),
      "layers: layer 2: bias_initializer: orthogonal is for weights, but a unit has only one bias",
      ValueError);
  CHECK_THROWS_WITH_AS(
      Network<float>(std::size_t{1} << 32, {{1, activation<Identity>, Sparse{}}}, SquaredError{}),
      "layers: layer 1: initializer: sparse: expected fewer than 2^32 inputs, got 4294967296", ValueError);
}
