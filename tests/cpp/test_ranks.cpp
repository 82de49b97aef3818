// Several ranks train one network: here each is a thread, with rows of its own.
#include <array>

#include "ranks/shares.hpp"
#include "waves_of_ranks.hpp"

using namespace fanin;
using namespace fanin::test;

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

TEST_CASE("a single batch has all samples of each rank, and none is empty if it has one for each rank") {
  run_ranks(3, [&](Communicator& own) {
    const std::size_t few[] = {2, 31, 2}, uneven[] = {1, 1, 6};
    const Shares one(Ranks(&own), few[own.rank()], 32, 2);
    CHECK(one.batches() == 1);
    CHECK(one.fewest() == 2);
    const Shares small(Ranks(&own), uneven[own.rank()], 3, 0);
    for (std::size_t i = 0; i < small.batches(); ++i) {
      CHECK(Ranks(&own).sum(static_cast<double>(small.begin(i + 1) - small.begin(i))) > 0);
    }
  });
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

TEST_CASE("a synchronized batch norm needs a single row of a rank in a batch") {
  const Wave all(8);
  const auto make = [] {
    return Network<double>(2, {{6, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {1}},
                           SquaredError{});
  };
  FitOptions options{.epochs = 3, .batch_size = 8, .batches = Batches::in_order, .synchronized = true};
  Network<double> alone = make();
  fit(alone, all.rows(), SGD{0.1}, options);
  run_ranks(2, [&](Communicator& own) {
    Wave part(0);
    own.rank() == 0 ? part.append(all, 0, 1) : part.append(all, 1, 7);
    Network<double> net = make();
    FitOptions chosen = options;
    chosen.communicator = &own;
    fit(net, part.rows(), SGD{0.1}, chosen);
    CHECK(largest_difference(net, alone) < 1e-9);
  });
}

TEST_CASE("weights of ranks are scaled by the largest of all, and may all be 0 on one rank") {
  Wave all(64);
  for (std::size_t i = 0; i < 64; i += 2) all.weights[i] *= 1e307;
  const FitOptions options{.epochs = 2, .batch_size = 16, .batches = Batches::in_order};
  for (const double of_rank_1 : {1.0, 0.0}) {
    for (std::size_t i = 1; i < 64; i += 2) all.weights[i] *= of_rank_1;
    const auto make = [](std::size_t) { return new_net(); };
    const Network<double> together = fit_by_ranks(2, all, SGD{0.1}, options, make, true);
    Network<double> alone = new_net();
    fit(alone, all.rows(true), SGD{0.1}, options);
    CHECK(largest_difference(together, alone) < 1e-9);
    const double loss = alone.evaluate(all.rows().x, all.rows().y, all.weights).loss;
    run_ranks(2, [&](Communicator& own) {
      const Wave part = all.dealt(own.rank(), 2);
      CHECK(alone.evaluate(part.rows().x, part.rows().y, part.weights, {}, Checks::all, &own).loss ==
            doctest::Approx(loss).epsilon(1e-12));
    });
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

TEST_CASE("uneven ranks with several sums a step train as one process") {
  const auto make = [](std::size_t) {
    return Network<double>(
        2, {{128, activation<Tanh>}, {128, activation<Tanh>}, {128, activation<Tanh>}, {1}}, SquaredError{});
  };
  constexpr std::size_t batches = 4;
  for (const std::vector<std::size_t>& shares : {std::vector<std::size_t>{5, 11}, {3, 4, 9}}) {
    // Each rank has the next rows of each batch.
    const Wave all(16 * batches);
    std::vector<Wave> parts(shares.size(), Wave(0));
    for (std::size_t row = 0, batch = 0; batch < batches; ++batch) {
      for (std::size_t rank = 0; rank < shares.size(); row += shares[rank++]) {
        parts[rank].append(all, row, shares[rank]);
      }
    }
    const FitOptions options{.epochs = 3, .batch_size = 16, .batches = Batches::in_order};
    Network<double> alone = make(0);
    fit(alone, all.rows(true), Adam{0.001}, options);
    run_ranks(shares.size(), [&](ThreadAsRank& own) {
      Network<double> net = make(0);
      FitOptions chosen = options;
      chosen.communicator = &own;
      fit(net, parts[own.rank()].rows(true), Adam{0.001}, chosen);
      CHECK(own.sums > 3 * batches * 3);
      CHECK(largest_difference(net, alone) < 1e-9);
    });
  }
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
  // whether all can begin, weights and rows of the batches; the loss, layers 4 and 3, layer 2 with the few
  // weights of layer 1
  CHECK(sums[0] == 3 + 1 + 2);
  CHECK(sums[1] == sums[0]);
}

TEST_CASE("input layers, base rates, exact statistics and validation are of all ranks' rows") {
  Wave all(90);
  const Wave other(31);
  Whiten filling;
  filling.missing = Missing::mean;
  for (const Layer& input : {Layer(Standardize{}), Layer(Whiten{}), Layer(RobustScale{}),
                             Layer(QuantileLayer{}), Layer(filling)}) {
    const auto* const whiten = std::get_if<Whiten>(&input.kind);
    if (whiten != nullptr && whiten->missing == Missing::mean) {
      for (std::size_t i = 0; i < 30; i += 3) all.x[2 * i + i % 2] = NAN;
    }
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
