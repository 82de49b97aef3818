// What stops one rank, or is wrong on one, stops all.
#include <array>

#include "fanin/population.hpp"
#include "waves_of_ranks.hpp"

using namespace fanin;
using namespace fanin::test;

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

TEST_CASE("what one rank cannot begin, none begins, and all can train on") {
  const Wave all(64);
  std::array<std::string, 2> errors;
  run_ranks(2, [&](Communicator& own) {
    const Wave part = all.dealt(own.rank(), 2);
    Network<double> net = new_net();
    Training<double> training(net, part.rows().x, part.rows().y, {.communicator = &own});
    try {
      training.epoch(SGD{own.rank() == 0 ? 0.1 : -1});
    } catch (const ValueError& error) {
      errors[own.rank()] = error.what();
    }
    CHECK(training.epoch(SGD{0.1}).share == 1);
    Population population;
    CHECK_THROWS_WITH_AS(population.begin(0, training, SGD{0.1}),
                         "communicator: expected none for concurrent fits", ValueError);
  });
  CHECK(errors[0].starts_with("rank 1: learning_rate: "));
  CHECK(errors[1] == errors[0]);
}

TEST_CASE("a network in use on one rank is evaluated on none") {
  const Wave all(64);
  CHECK(error_of_ranks(2, [&](Communicator& own) {
          const Wave part = all.dealt(own.rank(), 2);
          Network<double> net = new_net();
          Training<double> training(net, part.rows().x, part.rows().y, {});
          Population population;
          if (own.rank() == 1) population.begin(0, training, SGD{0.1});
          net.evaluate(part.rows().x, part.rows().y, {}, {}, Checks::all, &own);
        }) == "rank 1: network: another thread is training it; wait until it has finished");
}

TEST_CASE(
    "weights too small beside the largest of another rank, and batches smaller than ranks are refused") {
  Wave all(64);
  all.weights[0] = 1e300;
  all.weights[3] = 1e-300;
  const std::string error = "rank 1: sample_weight: row 1 is 1e-300; weights must be 0 or at least ";
  CHECK(error_of_ranks(2, [&](Communicator& own) {
          Network<double> net = new_net();
          fit(net, all.dealt(own.rank(), 2).rows(true), SGD{0.1}, {.communicator = &own});
        }).starts_with(error));
  CHECK(error_of_ranks(2, [&](Communicator& own) {
          const Wave part = all.dealt(own.rank(), 2);
          new_net().evaluate(part.rows().x, part.rows().y, part.weights, {}, Checks::all, &own);
        }).starts_with(error));
  CHECK(error_of_ranks(3, [&](Communicator& own) {
          Network<double> net = new_net();
          fit(net, all.dealt(own.rank(), 3).rows(), SGD{0.1}, {.batch_size = 2, .communicator = &own});
        }) == "rank 0: batch_size: expected at least 3, the number of ranks, which share each batch, got 2");
}
