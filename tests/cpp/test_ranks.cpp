// Several ranks train one network: here each is a thread, with rows of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "ranks/shares.hpp"
#include "threads_as_ranks.hpp"

using namespace fanin;
using namespace fanin::test;

namespace {

// y = sin 3 x0 + x1, with weights 1, 2, 3, 1, ...
struct Wave {
  std::vector<double> x, y, weights;
  explicit Wave(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double a = std::fmod(0.37 * static_cast<double>(i), 2.0) - 1,
                   b = std::fmod(0.11 * static_cast<double>(i), 2.0);
      x.insert(x.end(), {a, b});
      y.push_back(std::sin(3 * a) + b);
      weights.push_back(static_cast<double>(1 + i % 3));
    }
  }
  // Rows `first`, ... that remain after every `ranks`-th was dealt to another rank
  Wave dealt(std::size_t rank, std::size_t ranks) const {
    Wave part(0);
    for (std::size_t i = rank; i < y.size(); i += ranks) part.append(*this, i, 1);
    return part;
  }
  void append(const Wave& from, std::size_t first, std::size_t count) {
    const auto at = [](std::size_t i) { return static_cast<std::ptrdiff_t>(i); };
    x.insert(x.end(), from.x.begin() + at(2 * first), from.x.begin() + at(2 * (first + count)));
    y.insert(y.end(), from.y.begin() + at(first), from.y.begin() + at(first + count));
    weights.insert(weights.end(), from.weights.begin() + at(first), from.weights.begin() + at(first + count));
  }
  DataSet rows(bool weighted = false) const {
    return {row_major(x.data(), y.size(), 2), row_major(y.data(), y.size(), 1),
            weighted ? SampleWeights(weights) : SampleWeights()};
  }
};

Network<double> new_net(std::uint64_t seed = 3) {
  return {2, {{12, activation<Tanh>}, {8, activation<Tanh>}, {1}}, SquaredError{}, seed};
}

std::vector<double> values_of(const Network<double>& net) {
  std::vector<double> all;
  for (const ArrayShape& array : net.arrays()) {
    std::vector<double> values(array.rows * array.columns);
    net.get_array(array.name, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

double largest_difference(const Network<double>& a, const Network<double>& b) {
  const std::vector<double> of_a = values_of(a), of_b = values_of(b);
  REQUIRE(of_a.size() == of_b.size());
  double largest = 0;
  for (std::size_t i = 0; i < of_a.size(); ++i) largest = std::max(largest, std::abs(of_a[i] - of_b[i]));
  return largest;
}

// Each rank fits `make_net(rank)` to its part of the rows; then all have the same network, which is returned.
template <class MakeNet>
Network<double> fit_by_ranks(std::size_t ranks, const Wave& all, const Method& method, FitOptions options,
                             MakeNet&& make_net, bool weighted = false) {
  std::vector<std::vector<std::byte>> files(ranks);
  std::vector<double> losses(ranks);
  run_ranks(ranks, [&](Communicator& own) {
    const Wave part = all.dealt(own.rank(), own.size());
    Network<double> net = make_net(own.rank());
    FitOptions chosen = options;
    chosen.communicator = &own;
    const History history = fit(net, part.rows(weighted), method, chosen);
    losses[own.rank()] = history.epochs.back().loss;
    files[own.rank()] = net.to_bytes();
  });
  for (std::size_t rank = 1; rank < ranks; ++rank) {
    CHECK(files[rank] == files[0]);
    CHECK(losses[rank] == losses[0]);
  }
  return Network<double>::from_bytes(files[0]);
}

std::string error_of_ranks(std::size_t ranks, const std::function<void(Communicator&)>& f) {
  std::vector<std::string> errors(ranks);
  run_ranks(ranks, [&](Communicator& own) {
    try {
      f(own);
    } catch (const std::exception& error) {
      errors[own.rank()] = error.what();
    }
  });
  // the likely cause is that of a rank's data
  const auto what = [](const std::string& error) { return error.substr(0, error.find("; the weights")); };
  for (const std::string& error : errors) CHECK(what(error) == what(errors[0]));
  return errors[0];
}

}  // namespace

TEST_CASE("shares of a batch take turns to have one more sample, and add up to its size") {
  std::vector<std::vector<std::size_t>> sizes(3);
  run_ranks(3, [&](Communicator& own) {
    const std::size_t samples[] = {7, 7, 7};
    const Shares shares(Ranks(&own), samples[own.rank()], 4, 0);
    for (std::size_t i = 0; i < shares.batches(); ++i)
      sizes[own.rank()].push_back(shares.begin(i + 1) - shares.begin(i));
  });
  REQUIRE(sizes[0].size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(sizes[0][i] + sizes[1][i] + sizes[2][i] == (i < 5 ? 4 : 1));
  }
  const Shares alone(Ranks(), 10, 4, 2);
  CHECK(alone.batches() == 3);
  CHECK(alone.begin(1) == 4);
  CHECK(Shares(Ranks(), 9, 4, 2).batches() == 2);  // a single remaining sample joins
  CHECK(Shares(Ranks(), 9, 4, 2).largest() == 5);
}

TEST_CASE("ranks train as one process does on the batches that their shares make") {
  const Wave all(96);
  Method clipped = Momentum{.learning_rate = 0.05};
  clipped.clip_norm = 0.5;
  Method grouped = Adam{0.01};
  grouped.accumulate = 3;
  for (const std::size_t ranks : {2u, 3u}) {
    for (const Method& method : {Method(SGD{0.1}), clipped, grouped, Method(Rprop{}), Method(SchaulVSGD{})}) {
      for (const bool weighted : {false, true}) {
        const FitOptions options{.epochs = 3, .batch_size = 24, .batches = Batches::in_order};
        const Network<double> together = fit_by_ranks(
            ranks, all, method, options, [](std::size_t rank) { return new_net(rank); }, weighted);
        // Dealt in turn, the rows of a batch of all ranks are those of one process, in another order.
        Network<double> alone = new_net(0);
        fit(alone, all.rows(weighted), method, options);
        CHECK(largest_difference(together, alone) < 1e-9);
      }
    }
  }
}

TEST_CASE("synchronized batch norms see the batch of all ranks, forward and backward") {
  const Wave all(72);
  for (const std::size_t ranks : {2u, 3u}) {
    const auto make = [](std::size_t) {
      return Network<double>(2,
                             {Layer(BatchNorm{}),
                              {20, activation<Softplus>, Automatic{}, Zeros{}, BatchNorm{}},
                              Layer(BatchNorm{}),
                              {9, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}},
                              {1}},
                             SquaredError{}, 2);
    };
    FitOptions options{.epochs = 4, .batch_size = 24, .batches = Batches::in_order};
    Network<double> alone = make(0);
    fit(alone, all.rows(), Adam{0.01}, options);
    const Network<double> apart = fit_by_ranks(ranks, all, Adam{0.01}, options, make);
    options.synchronized = true;
    const Network<double> together = fit_by_ranks(ranks, all, Adam{0.01}, options, make);
    CHECK(largest_difference(together, alone) < 1e-9);
    CHECK(largest_difference(apart, alone) > 1e-4);
  }
}

TEST_CASE("ranks with uneven numbers of rows see each row once in an epoch, some in empty batches") {
  const Wave all(64);
  std::vector<std::vector<std::byte>> files(3);
  std::vector<double> losses(3);
  run_ranks(3, [&](Communicator& own) {
    const std::size_t first[] = {0, 2, 20, 64};
    Wave part(0);
    part.append(all, first[own.rank()], first[own.rank() + 1] - first[own.rank()]);
    Network<double> net = new_net();
    losses[own.rank()] =
        fit(net, part.rows(), SGD{0}, {.epochs = 2, .batch_size = 8, .communicator = &own}).epochs[0].loss;
    files[own.rank()] = net.to_bytes();
  });
  CHECK(files[1] == files[0]);
  CHECK(files[2] == files[0]);
  CHECK(losses[0] == doctest::Approx(new_net().evaluate(all.rows().x, all.rows().y).loss).epsilon(1e-12));
}

TEST_CASE("each layer's part of the gradient is a sum of its own, if it is large") {
  const Wave all(32);
  std::vector<std::size_t> sums(2);
  run_ranks(2, [&](ThreadAsRank& own) {
    const Wave part = all.dealt(own.rank(), 2);
    Network<double> net(2, {{128, activation<Tanh>}, {128, activation<Tanh>}, {128, activation<Tanh>}, {1}},
                        SquaredError{});
    Training<double> training(net, part.rows().x, part.rows().y, {.batch_size = 32, .communicator = &own});
    training.epoch(SGD{0.1});
    const std::size_t before = own.sums;
    training.epoch(SGD{0.1});
    sums[own.rank()] = own.sums - before;
  });
  // weights and rows of the batches, the loss, layers 4 and 3, layer 2 with the few weights of layer 1
  CHECK(sums[0] == 2 + 1 + 2);
  CHECK(sums[1] == sums[0]);
}

TEST_CASE("input layers, base rates, exact statistics and validation are of all ranks' rows") {
  const Wave all(90), other(31);
  for (const Layer& input :
       {Layer(Standardize{}), Layer(Whiten{}), Layer(RobustScale{}), Layer(QuantileLayer{})}) {
    BatchNorm norm;
    norm.exact_statistics = true;
    const auto make = [&](std::size_t) {
      return Network<double>(2,
                             {input,
                              {6, activation<Tanh>, Automatic{}, Zeros{}, norm},
                              {1, activation<Identity>, Automatic{}, BaseRate{}}},
                             SquaredError{}, 5);
    };
    Network<double> together = fit_by_ranks(
        3, all, SGD{0}, {.epochs = 1, .batch_size = 30, .batches = Batches::in_order}, make, true);
    Network<double> alone = make(0);
    fit(alone, all.rows(true), SGD{0}, {.epochs = 1, .batch_size = 30, .batches = Batches::in_order});
    CHECK(largest_difference(together, alone) < 1e-9);
    const std::vector<LearnedArray> a = together.learned_arrays(), b = alone.learned_arrays();
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < a[i].values.size(); ++j) {
        CHECK(a[i].values[j] == doctest::Approx(b[i].values[j]).epsilon(1e-12));
      }
    }
    const Evaluation of_all = alone.evaluate(other.rows().x, other.rows().y, other.rows(true).weights);
    run_ranks(2, [&](Communicator& own) {
      const Wave part = other.dealt(own.rank(), 2);
      const Evaluation evaluated =
          alone.evaluate(part.rows().x, part.rows().y, part.rows(true).weights, {}, Checks::all, &own);
      CHECK(evaluated.loss == doctest::Approx(of_all.loss).epsilon(1e-12));
      CHECK(evaluated.metric == doctest::Approx(of_all.metric).epsilon(1e-12));
    });
  }
}

TEST_CASE("a callback, an interruption and a loss that is not finite on one rank stop all ranks") {
  const Wave all(64);
  std::array<std::size_t, 2> epochs{}, steps{};
  run_ranks(2, [&](Communicator& own) {
    const Wave part = all.dealt(own.rank(), 2);
    Network<double> net = new_net();
    FitOptions options{.epochs = 50, .communicator = &own};
    options.after_epoch = [&](const Epoch& epoch) { return own.rank() == 1 && epoch.number == 3; };
    epochs[own.rank()] = fit(net, part.rows(), SGD{0.1}, options).epochs.size();
    std::size_t calls = 0;
    options.after_epoch = {};
    options.interrupted = [&] { return own.rank() == 0 && ++calls > 2; };
    steps[own.rank()] = fit(net, part.rows(), SGD{0.1}, options).steps.count;
  });
  CHECK(epochs == std::array<std::size_t, 2>{3, 3});
  CHECK(steps[0] == steps[1]);
  CHECK(steps[0] < 100);
  Wave huge = all;
  huge.y[1] = 1e200;  // of rank 1, whose loss overflows
  const std::string error = error_of_ranks(2, [&](Communicator& own) {
    Network<double> net = new_net();
    fit(net, huge.dealt(own.rank(), 2).rows(), SGD{0.1}, {.communicator = &own});
  });
  CHECK(error.starts_with("training diverged: in epoch 1, step 1, the loss is not finite"));
}

TEST_CASE("invalid data and other networks on one rank are an error on all") {
  const Wave all(64);
  Wave wrong = all;
  wrong.x[2] = NAN;  // row 0 of rank 1
  CHECK(error_of_ranks(2, [&](Communicator& own) {
          Network<double> net = new_net();
          fit(net, wrong.dealt(own.rank(), 2).rows(), SGD{0.1}, {.communicator = &own});
        }) == "rank 1: X: row 0, column 0 is nan; every value must be finite in float64");
  CHECK(error_of_ranks(2, [&](Communicator& own) {
          Network<double> net = own.rank() == 0 ? new_net() : Network<double>(2, {{3}, {1}}, SquaredError{});
          const Wave part = all.dealt(own.rank(), 2);
          Training<double> training(net, part.rows().x, part.rows().y, {.communicator = &own});
        }) == "rank 1: parameters: expected that of rank 0, 149, got 13");
  CHECK(error_of_ranks(3, [&](Communicator& own) {
          Network<double> net(2, {{4, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {1}},
                              SquaredError{});
          fit(net, all.dealt(own.rank(), 3).rows(), SGD{0.1}, {.batch_size = 4, .communicator = &own});
        }).starts_with("batch_size: expected at least 2 rows of each rank in every batch"));
}
