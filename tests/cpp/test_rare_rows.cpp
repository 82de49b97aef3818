// Rows of weights that are updated only when a batch meets them have the values of the dense form.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <optional>

#include "allocations.hpp"
#include "fanin/fanin.hpp"
#include "plan/missed_steps.hpp"
#include "support.hpp"

using namespace fanin;
using fanin::test::allocations;

namespace {

// Each row has three values in few columns that are common and many that are rare.
struct Rare {
  static constexpr std::size_t kRows = 160, kColumns = 120;
  std::vector<double> dense = std::vector<double>(kRows * kColumns), values;
  std::vector<std::int32_t> columns, starts = {0}, labels;

  Rare() {
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t k = 0; k < 3; ++k) {
        const double u = std::abs(test::uniform(4, 3 * i + k));
        dense[i * kColumns + static_cast<std::size_t>(u * u * u * kColumns)] =
            1 + test::uniform(5, 3 * i + k);
      }
      for (std::size_t j = 0; j < kColumns; ++j) {
        if (dense[i * kColumns + j] == 0) continue;
        values.push_back(dense[i * kColumns + j]);
        columns.push_back(static_cast<std::int32_t>(j));
      }
      starts.push_back(static_cast<std::int32_t>(values.size()));
      labels.push_back(static_cast<std::int32_t>(i % 3));
    }
  }
  SparseRows sparse() const { return csr(kColumns, values, columns, starts); }
  NumberMatrix matrix() const { return numbers(row_major(dense.data(), kRows, kColumns)); }
  Targets targets() const { return std::span<const std::int32_t>(labels); }
};

template <class T>
std::vector<T> weights_after(const Samples& x, const Targets& y, const Method& method, const Layer& first,
                             std::size_t inputs) {
  Network<T> net(inputs, {first, {3}}, SoftmaxCrossEntropy{}, 1);
  fit(net, {x, y}, method, {.epochs = 10, .batch_size = 8});
  std::vector<T> weights(inputs * std::get<Dense>(first.kind).units);
  net.get_array("layer1.weight", weights);
  return weights;
}

template <class T>
double largest_difference(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 0;
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

}  // namespace

TEST_CASE_TEMPLATE("lazy rows have the bits of the dense form, or are equal up to rounding", T, float,
                   double) {
  const Rare x;
  const auto difference = [&](const Method& method) {
    const auto of = [&](const Samples& samples) {
      return weights_after<T>(samples, x.targets(), method, {9, Tanh{}}, Rare::kColumns);
    };
    return largest_difference(of(x.sparse()), of(x.matrix()));
  };
  for (const Rule& rule : {Rule(SGD{0.1}), Rule(SignSGD{}), Rule(Adagrad{})}) {
    CHECK(difference(rule) == 0);
  }
  constexpr double most = sizeof(T) == sizeof(float) ? 3e-6 : 1e-8;
  for (const Rule& rule : {Rule(Momentum{0.1}), Rule(Adam{}), Rule(AMSGrad{}), Rule(RMSprop{})}) {
    Method method(rule);
    CHECK(difference(method) < most);
    method.weight_decay = 0.3;
    method.average_decay = 0.9;
    CHECK(difference(method) < most);
    method.lazy = Lazy::never;
    CHECK(difference(method) == 0);
  }
}

TEST_CASE("each epoch of a training has the count_power of its method") {
  const Rare x;
  const auto weights_after_epochs = [&](bool anew) {
    Network<double> net(Rare::kColumns, {{9, Tanh{}}, {3}}, SoftmaxCrossEntropy{}, 1);
    std::optional<Training<double>> training;
    for (const double power : {1.0, 0.0, 0.5, 1.0}) {
      Method method(SGD{0.1});
      method.count_power = power;
      if (anew || !training) {
        training.reset();
        training.emplace(net, x.sparse(), x.targets(), TrainingOptions{.batch_size = 8});
      }
      training->epoch(method);
    }
    std::vector<double> weights(Rare::kColumns * 9);
    net.get_array("layer1.weight", weights);
    return weights;
  };
  CHECK(weights_after_epochs(false) == weights_after_epochs(true));
}

TEST_CASE_TEMPLATE("an embedding trains with the bits of a dense layer on one-hot rows", T, float, double) {
  const std::size_t rows = 96, n = 50;
  std::vector<std::int64_t> ids(rows);
  std::vector<T> one_hot(rows * n), table(n * 4);
  std::vector<std::int32_t> labels(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    ids[i] = static_cast<std::int64_t>(i * i % n);
    one_hot[i * n + static_cast<std::size_t>(ids[i])] = T{1};
    labels[i] = static_cast<std::int32_t>(i % 3);
  }
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<T>(test::uniform(6, i));
  const Targets y = std::span<const std::int32_t>(labels);
  const auto trained = [&](const Samples& x, const Layer& first, std::size_t inputs) {
    Network<T> net(inputs, {first, {3}}, SoftmaxCrossEntropy{}, 1);
    net.set_array("layer1.weight", table);
    std::vector<T> out = table;
    ArrayOptions bias;
    bias.frozen = true;
    Method method(SGD{0.5});
    if (std::holds_alternative<Dense>(first.kind)) method.arrays = {{}, bias, {}, {}};
    fit(net, {x, y}, method, {.epochs = 3, .batch_size = 8});
    net.get_array("layer1.weight", out);
    return out;
  };
  const std::vector<T> looked_up = trained(numbers(row_major(ids.data(), rows, 1)), Embedding{{n}, 4}, 1);
  CHECK(looked_up != table);
  CHECK(looked_up == trained(numbers(row_major(one_hot.data(), rows, n)), {4}, n));
}

TEST_CASE("numbers that are not rows of an embedding's table are refused") {
  const Network<float> net(2, {Layer(Embedding{{3, std::size_t{1} << 25}, 1}), {1}}, SquaredError{});
  std::vector<float> out(1);
  const auto predict = [&](double first, double second) {
    const std::vector<double> ids = {first, second};
    net.predict(numbers(row_major(ids.data(), 1, 2)), row_major(out.data(), 1, 1));
  };
  CHECK_NOTHROW(predict(2, 0x1p25 - 1));
  const std::string end = ", a row of the embedding's table";
  for (const auto& [value, text] : {std::pair{-1.0, "-1"}, {3.0, "3"}, {0.5, "0.5"}, {double{NAN}, "nan"}}) {
    const std::string message =
        std::string("X: row 0, column 0 is ") + text + "; expected a whole number from 0 to 2" + end;
    CHECK_THROWS_WITH_AS(predict(value, 0), message.c_str(), BadValueError);
  }
  const std::string large =
      "X: row 0, column 1 is 33554432; expected a whole number from 0 to 33554431" + end;
  CHECK_THROWS_WITH_AS(predict(0, 0x1p25), large.c_str(), BadValueError);
}

TEST_CASE("an epoch whose rows are updated lazily does not allocate") {
  const Rare x;
  Network<float> net(Rare::kColumns, {{40, activation<Relu>}, {3}}, SoftmaxCrossEntropy{});
  const int threads = cpu::num_threads();
  cpu::set_num_threads(1);
  Method method(Adam{});
  method.average_decay = 0.9;
  Training<float> training(net, x.sparse(), x.targets(), {.batch_size = 8});
  for (int i = 0; i < 3; ++i) training.epoch(method);
  const std::size_t so_far = allocations.load();
  training.epoch(method);
  CHECK(allocations.load() == so_far);
  cpu::set_num_threads(threads);
}

namespace {

// A weight, its average, and the slots that move and divide it
struct State {
  double w, average, moves, divides;
};

State stepped(State s, const IdleStep& step, double undecayed, double share) {
  s.moves *= step.keep[0];
  s.divides *= step.keep[1];
  double change = step.moved_by < 0 ? 0 : step.rate * s.moves;
  if (step.divided_by >= 0) {
    change /= step.scale * (step.root ? std::sqrt(s.divides) : s.divides) + step.epsilon;
  }
  s.w = undecayed * s.w + change;
  s.average += share * (s.w - s.average);
  return s;
}

// As the kernel does
State caught_up(const State& s, const Missed<double>& missed, const IdleStep& step) {
  const auto of = [](const double (&terms)[Missed<double>::kTerms], double x) {
    double sum = 0;
    for (int i = Missed<double>::kTerms - 1; i >= 0; --i) sum = sum * x + terms[i];
    return sum;
  };
  const double root = step.root ? std::sqrt(s.divides) : s.divides;
  const double divisor = step.divided_by < 0 ? 1 : missed.scale * root + missed.epsilon;
  const double e = step.divided_by < 0 ? 0 : missed.epsilon / divisor,
               part = divisor > 0 ? s.moves / divisor : 0;
  return {missed.weight * s.w + part * of(missed.series, e) + missed.plain * s.moves,
          missed.average * s.average + missed.average_weight * s.w + part * of(missed.average_series, e) +
              missed.average_plain * s.moves,
          missed.keep[0] * s.moves, missed.keep[1] * s.divides};
}

}  // namespace

TEST_CASE("steps made up for at once are those of a loop") {
  struct Case {
    double keep, kept, epsilon, undecayed, share, root_scale_of;
    bool divides;
  };
  const Case cases[] = {{0.9, 1, 0, 1, 0, 0, false},
                        {0.9, 1, 0, 0.99, 0.01, 0, false},
                        {0, 1, 0, 1, 0.5, 0, false},
                        {0.9, 0.999, 1e-8, 1, 0, 0.999, true},
                        {0.9, 0.999, 1e-3, 0.999, 0.1, 0.999, true},
                        {0.9, 0.9, 1e-2, 1, 0.1, 0.9, true},
                        {0.99, 0.5, 1e-2, 1, 0, 0.5, true},
                        {0.5, 0.1, 1e-2, 0.9, 0.3, 0.1, true},
                        {0.9, 0, 1e-2, 1, 0.3, 0, true},
                        {0.9, 1, 0, -0.5, 0.1, 0, false},
                        {0.9, 1, 0, 0, 0.1, 0, false},
                        {0.9, 1, 0, 0.9, 0.001, 0, false}};
  for (const Case& c : cases) {
    CAPTURE(c.keep);
    CAPTURE(c.kept);
    CAPTURE(c.undecayed);
    CAPTURE(c.epsilon);
    MissedSteps steps;
    steps.begin(c.share > 0, 0x1p-55);
    std::vector<State> exact, lazy;  // began at each step
    std::vector<std::size_t> since;
    double worst = 0;
    for (std::size_t t = 1; t <= 120; ++t) {
      const State fresh{1 / static_cast<double>(t), 0.5, 0.3, 1e-4};
      exact.push_back(fresh);
      lazy.push_back(fresh);
      since.push_back(steps.count());
      IdleStep step{.keep = {c.keep, c.kept}, .rate = 0.001, .moved_by = 0};
      if (c.divides) {
        step.divided_by = 1;
        step.root = true;
        step.epsilon = c.epsilon;
        step.scale = 1 / std::sqrt(1 - std::pow(c.root_scale_of, static_cast<double>(t)));
      }
      steps.add(step, c.undecayed, c.share);
      for (State& s : exact) s = stepped(s, step, c.undecayed, c.share);
      if (!steps.full() && t < 120) continue;
      for (std::size_t i = 0; i < lazy.size(); ++i) {
        lazy[i] = caught_up(lazy[i], steps.since<double>(since[i]), step);
        since[i] = 0;
      }
      steps.begin(c.share > 0, 0x1p-55);
    }
    for (std::size_t i = 0; i < exact.size(); ++i) {
      worst = std::max(worst, std::abs(exact[i].w - lazy[i].w));
      worst = std::max(worst, c.share > 0 ? std::abs(exact[i].average - lazy[i].average) : 0);
      worst = std::max(
          {worst, std::abs(exact[i].moves - lazy[i].moves), std::abs(exact[i].divides - lazy[i].divides)});
    }
    CHECK(worst < 5e-7);
  }
}
