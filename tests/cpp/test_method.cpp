#include <doctest/doctest.h>

#include <cmath>

#include "fanin/error.hpp"
#include "fanin/network.hpp"
#include "fanin/rules/all.hpp"
#include "fanin/update.hpp"
#include "rules/method.hpp"

using namespace fanin;

namespace {

std::string error_of(const Method& method) {
  std::vector<double> w(4, 1.0);
  try {
    Optimizer<double> optimizer(method, {w});
  } catch (const ValueError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("schedules give the hyper-parameters of each step") {
  Method method = Momentum{0.1, 0.9};
  method.learning_rate = Cosine{.first = 1, .last = 0, .steps = 4, .warm_up = 0};
  method.momentum = Piecewise{};
  const double expected[] = {1, 0.5 + std::sqrt(0.125), 0.5, 0.5 - std::sqrt(0.125), 0, 0};
  for (std::uint64_t t = 1; t <= 6; ++t) {
    CHECK(traits_of(rule_at(method, t)).learning_rate == doctest::Approx(expected[t - 1]));
  }
  CHECK(traits_of(rule_at(method, 500)).momentum == 0.5);
  CHECK(traits_of(rule_at(method, 501)).momentum == 0.9);
  CHECK(traits_of(largest_of(method)).momentum == 0.9);
}

TEST_CASE("a rule is found by its name, and its hyper-parameters are set without its struct") {
  for (const std::string& name : Rule::names()) CHECK(Rule::named(name)->name() == name);
  CHECK(!Rule::named("none"));
  struct Halves {
    void operator()(const char*, double& value, const Allowed&) const { value /= 2; }
    void operator()(const char*, bool&) const {}
    void operator()(const char*, int&, const Choices&) const {}
  };
  Rule rule = *Rule::named("momentum");
  Rule::fields(rule, Halves{});
  CHECK(rule.get_if<SGD>() == nullptr);
  CHECK(rule.get_if<Momentum>()->learning_rate == 0.005);
  CHECK(rule.get_if<Momentum>()->momentum == 0.45);
}

TEST_CASE("penalties and decay do not affect biases, but clipping does") {
  std::vector<double> w(3, 1.0), b(3, 1.0);
  const std::vector<double> g(3, 10.0);
  Method method = SGD{0.1};
  method.clip_value = 2;
  method.l1 = 0.5;
  method.l2 = 0.25;
  method.weight_decay = 0.5;
  Optimizer<double> optimizer(method, {w, b}, {1, 0});
  optimizer.step({g, g});
  CHECK(w[0] == doctest::Approx(1 - 0.1 * 0.5 - 0.1 * (2 + 0.25 + 0.5)));
  CHECK(b[0] == doctest::Approx(1 - 0.1 * 2));
}

TEST_CASE("with Nesterov, arrays are ahead of the weights by momentum v") {
  std::vector<double> w(3, 0.0), shown(3);
  const std::vector<double> g(3, 1.0);
  Optimizer<double> optimizer(Nesterov{0.1, 0.5}, {w});
  optimizer.step({g});
  optimizer.get_weights(0, shown);
  CHECK(shown[0] == doctest::Approx(-0.1));
  CHECK(w[0] == doctest::Approx(-0.15));
  optimizer.set_method(Nesterov{0.1, 0.0});
  CHECK(w[0] == doctest::Approx(-0.1));
}

TEST_CASE("rates depend on arrays and fan-in, and frozen arrays do not count in the norm") {
  std::vector<double> w(6, 1.0), b(3, 1.0), frozen(2, 1.0);
  Method method = SGD{0.1};
  method.arrays = {{.rate_scale = 2}, {}, {.frozen = true}};
  method.fan_in_power = 1;
  method.clip_norm = 3;
  Optimizer<double> optimizer(method, {w, b, frozen}, {2, 0, 0});
  const std::vector<double> gw(6, 2.0), gb(3, 2.0), gf(2, 1e9);
  optimizer.step({gw, gb, gf});
  CHECK(w[5] == doctest::Approx(1 - 0.1 * 2 / 2 * 1));  // the norm was 6
  CHECK(b[0] == doctest::Approx(1 - 0.1));
  CHECK(frozen[0] == 1);
}

TEST_CASE("a group of batches makes one step with their weighted mean, and weights are averaged over steps") {
  std::vector<double> w(5, 0.0), average(5);
  Method method = SGD{1.0};
  method.accumulate = 2;
  method.average_decay = 0.5;
  Optimizer<double> optimizer(method, {w});
  for (const double g : {-1.0, -5.0, -3.0, -3.0}) {
    StepInputs<double> inputs;
    inputs.weight = g == -5 ? 3 : 1;
    optimizer.step({std::vector<double>(5, g)}, inputs);
  }
  CHECK(w[0] == doctest::Approx(7));
  CHECK(optimizer.steps() == 2);
  optimizer.get_average(0, average);
  CHECK(average[4] == doctest::Approx((4 * 0.25 + 7 * 0.5) / 0.75));
  CHECK(optimizer.slot_names() == std::vector<std::string>{"average", "sum"});
}

TEST_CASE("an average by share of the steps is their plain mean for 0.5, and weighs step t by t^2 for 0.25") {
  for (const double share : {0.5, 0.25}) {
    std::vector<double> w(3, 0.0), average(3);
    Method method = SGD{1.0};
    method.average_share = share;
    Optimizer<double> optimizer(method, {w});
    double sum = 0, weights = 0;
    for (int t = 1; t <= 9; ++t) {
      optimizer.step({std::vector<double>(3, -t)});
      // t (t + 1) / 2, the rising form of t^2
      const double weight = share == 0.5 ? 1 : t * (t + 1) / 2;
      sum += weight * w[0];
      weights += weight;
      optimizer.get_average(0, average);
      CHECK(average[2] == doctest::Approx(sum / weights));
    }
  }
}

TEST_CASE("a schedule of the decay replaces the number in the rule or around it, and spares biases") {
  Method around = SGD{0.1}, own = Lion{.learning_rate = 0.1};
  for (Method* method : {&around, &own}) {
    std::vector<double> w(3, 1.0), b(3, 1.0);
    const std::vector<double> g(3, 0.0);
    method->decay = Piecewise{.levels = {{0.5, 2}, 2}, .after = {{1}, 1}};
    Optimizer<double> optimizer(*method, {w, b}, {1, 0});
    for (int t = 1; t <= 3; ++t) optimizer.step({g, g});
    CHECK(w[0] == doctest::Approx(0.95 * 0.8 * 0.8));
    CHECK(b[0] == 1);
  }
}

TEST_CASE("options for a network's arrays must be given for all arrays or none") {
  Network<float> net(2, {{3, activation<Relu>}, {1}}, SquaredError{});
  const std::vector<float> x(8, 1), y(4, 1);
  Training<float> training(net, row_major<const float>(x.data(), 4, 2),
                           row_major<const float>(y.data(), 4, 1));
  Method method = Adam{};
  method.arrays.resize(3);
  CHECK_THROWS_WITH_AS(training.epoch(method), "arrays: expected options for each of the 4 arrays, got 3",
                       ValueError);
}

TEST_CASE("invalid methods are rejected with a clear message") {
  Method method = SGD{};
  method.l2 = -1;
  CHECK(error_of(method) == "l2: expected a number in [0, infinity), got -1");
  method = SGD{};
  method.clip_value = 0;
  CHECK(error_of(method) == "clip_value: expected a number in (0, infinity], got 0");
  method = SGD{};
  method.clip_norm = -1;
  CHECK(error_of(method) == "clip_norm: expected a number in (0, infinity], got -1");
  method = SGD{};
  method.accumulate = 0;
  CHECK(error_of(method) == "accumulate: expected a number in [1, infinity), got 0");
  method = SGD{};
  method.average_decay = 1;
  CHECK(error_of(method) == "average_decay: expected a number in [0, 1), got 1");
  method.average_decay = 0;
  method.average_share = 0.75;
  CHECK(error_of(method) == "average_share: expected a number in [0, 0.5], got 0.75");
  method.average_share = 0.25;
  method.average_decay = 0.5;
  CHECK(error_of(method) == "average_share: expected 0, because average_decay is 0.5, got 0.25");
  method = AdamW{};
  method.weight_decay = 0.5;
  CHECK(error_of(method) == "weight_decay: expected 0, because adamw has a decay of its own, 0.01, got 0.5");
  method = SGD{};
  method.weight_decay = 0.5;
  method.decay = Piecewise{};
  CHECK(error_of(method) == "weight_decay: expected 0, because there is a schedule of the decay, got 0.5");
  method = SGD{};
  method.decay = Cosine{.first = -1};
  CHECK(error_of(method) == "first: expected a number in [0, infinity), got -1");
  method = SGD{};
  method.fan_in_power = 0.5;
  CHECK(error_of(method) == "fan_in_power: expected 0, because the numbers of inputs are not given");
  method = SGD{};
  method.arrays = {{}, {}};
  CHECK(error_of(method) == "arrays: expected options for each of the 1 arrays, got 2");
  method.arrays = {{.rate_scale = -1}};
  CHECK(error_of(method) == "rate_scale: expected a number in [0, infinity), got -1");
  method = SchaulVSGD{};
  method.accumulate = 4;
  CHECK(error_of(method) ==
        "accumulate: expected 1, because schaul_vsgd needs two gradients of the same batch, got 4");
  method = SGD{};
  method.momentum = SutskeverMomentum{};
  CHECK(error_of(method) == "momentum: sgd has no momentum to schedule");
  method = Momentum{};
  method.momentum = Exponential{.first = 1};
  CHECK(error_of(method) == "momentum: expected a number in [0, 1), got 1");
  method.momentum = Piecewise{.after = {{500, 700}, 2}};
  CHECK(error_of(method) == "after: expected one step fewer than levels, and at least one");
  method.momentum = Piecewise{.levels = {{0.5, 0.6, 0.7}, 3}, .after = {{500, 500}, 2}};
  CHECK(error_of(method) == "after: expected ascending steps");
  method = Momentum{};
  method.learning_rate = Cosine{.steps = 5, .warm_up = 5};
  CHECK(error_of(method) == "warm_up: expected less than steps");
  CHECK(error_of(Rprop{.min_step = 2, .max_step = 1}) == "min_step: expected at most max_step");
  CHECK(error_of(Rprop{.variant = static_cast<Rprop::Variant>(7)}) ==
        "variant: expected one of 4 variants, got number 7");
  CHECK(error_of(RMSprop{.centered = true, .bias_correction = true}) ==
        "bias_correction: expected False for a centered rule, because the variance of the first gradient "
        "alone is 0");
  CHECK(error_of(AdaptiveGain{.min_gain = 2}) ==
        "min_gain, max_gain: expected limits that include 1, the initial gain");
}
