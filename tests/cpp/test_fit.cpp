#include <doctest/doctest.h>

#include <limits>

#include "fanin/fanin.hpp"

using namespace fanin;

namespace {

struct Parabola {
  std::vector<float> x, y;
  Parabola() {
    for (int i = 0; i < 64; ++i) {
      x.push_back(static_cast<float>(i) / 32 - 1);
      y.push_back(x.back() * x.back());
    }
  }
  DataSet rows(std::size_t first, std::size_t count) const {
    return {row_major<const float>(x.data() + first, count, 1),
            row_major<const float>(y.data() + first, count, 1)};
  }
};

Network<float> new_net() {
  return {1, {{8, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {1}}, SquaredError{}, 3};
}

}  // namespace

TEST_CASE("a copy is a network of its own, and training continues on both with the same bits") {
  const Parabola data;
  Method averaged = Nesterov{.learning_rate = 0.01};
  averaged.average_decay = 0.9;
  for (const Method& method : {Method(Adam{0.01}), averaged}) {
    Network<float> net = new_net();
    net.set_metadata({{"name", "parabola"}});
    fit(net, data.rows(0, 64), method, {.epochs = 2});
    Network<float> twin = net.copy();
    const std::vector<std::byte> before = net.to_bytes();
    CHECK(twin.to_bytes() == before);
    fit(twin, data.rows(0, 64), method, {.epochs = 2});
    CHECK(net.to_bytes() == before);
    fit(net, data.rows(0, 64), method, {.epochs = 2});
    CHECK(net.to_bytes() == twin.to_bytes());
  }
}

TEST_CASE("a fit consists of its epochs, with the results of each") {
  const Parabola data;
  Network<float> fitted = new_net(), by_hand = new_net();
  const History history = fit(fitted, data.rows(0, 48), Adam{0.01},
                              {.epochs = 5, .batch_size = 16, .validation = data.rows(48, 16)});
  Training<float> training(by_hand, data.rows(0, 48).x, data.rows(0, 48).y, {.batch_size = 16});
  REQUIRE(history.epochs.size() == 5);
  for (const Epoch& epoch : history.epochs) {
    CHECK(epoch.loss == training.epoch(Adam{0.01}).loss);
    CHECK(epoch.validation->loss == by_hand.evaluate(data.rows(48, 16).x, data.rows(48, 16).y).loss);
    CHECK(epoch.seconds > 0);
  }
  CHECK(history.epochs.back().number == 5);
  CHECK_FALSE(history.stopped_epoch.has_value());
  CHECK_FALSE(history.best_epoch.has_value());
  CHECK(fitted.to_bytes() == by_hand.to_bytes());
}

TEST_CASE(
    "early stopping stops after patience epochs and restores the best weights, even if a rule looks ahead") {
  const Parabola data;
  for (const Method& method : {Method(SGD{0}), Method(Nesterov{.learning_rate = 0})}) {
    Network<float> net(1, {{8, activation<Tanh>}, {1}}, SquaredError{});
    std::vector<float> best(8), now(8);
    std::size_t epochs = 0;
    FitOptions options{.epochs = 100, .validation = data.rows(48, 16), .early_stopping = EarlyStopping{3}};
    options.after_epoch = [&](const Epoch& epoch) {
      ++epochs;
      if (epoch.number == 1) {
        net.get_array("layer2.weight", best);
      } else {
        net.set_array("layer2.weight", std::vector<float>(8, 100));  // worse
      }
      return false;
    };
    const History history = fit(net, data.rows(0, 48), method, options);
    net.get_array("layer2.weight", now);
    CHECK(now == best);
    CHECK(history.best_epoch == 1);
    CHECK(history.stopped_epoch == 4);
    CHECK(epochs == 4);
    CHECK_NOTHROW(fit(net, data.rows(0, 48), method, {.epochs = 1}));
  }
}

TEST_CASE("a figure improves if it is better by more than min_delta, and never if it is NaN") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto best_epochs = [](Patience patience, const std::vector<double>& figures) {
    std::vector<std::size_t> best;
    for (const double figure : figures) {
      if (patience.is_best(figure)) best.push_back(patience.epochs);
    }
    return best;
  };
  using Epochs = std::vector<std::size_t>;
  CHECK(best_epochs({10, 0.5, false}, {nan, 1, 0.5, 0.4, nan, 0.3}) == Epochs{2, 4});
  CHECK(best_epochs({10, 0.5, true}, {1, nan, 1.5, 1.6, 0}) == Epochs{1, 4});
  CHECK(best_epochs({10, 0, true}, {1, 1, 2}) == Epochs{1, 3});
}

TEST_CASE("patience runs out after its number of epochs in a row without progress") {
  Patience patience{2};
  CHECK(patience.is_best(3));
  CHECK_FALSE(patience.is_best(3));
  CHECK_FALSE(patience.runs_out());
  CHECK(patience.is_best(2));
  CHECK_FALSE(patience.is_best(4));
  CHECK_FALSE(patience.is_best(5));
  CHECK(patience.runs_out());
  CHECK(patience.best_epoch == 3);
}

TEST_CASE("a callback stops a fit after an epoch, or within one") {
  const Parabola data;
  Network<float> net = new_net();
  FitOptions options{.epochs = 100};
  options.after_epoch = [](const Epoch& epoch) { return epoch.number == 2; };
  CHECK(fit(net, data.rows(0, 64), Adam{}, options).stopped_epoch == 2);
  options.interrupted = [] { return true; };
  const History history = fit(net, data.rows(0, 64), Adam{}, options);
  CHECK(history.stopped_epoch == 1);
  CHECK(history.epochs.empty());
}

TEST_CASE("a fit ends after its number of steps, even within an epoch, with the bits of a longer one") {
  const Parabola data;  // 4 steps per epoch
  for (const int threads : {1, 3}) {
    cpu::set_num_threads(threads);
    Network<float> limited = new_net(), epoch_by_epoch = new_net(), batch = new_net();
    const FitOptions ten{.epochs = 10, .max_steps = 8, .batch_size = 16};
    const History history = fit(limited, data.rows(0, 64), Adam{}, ten);
    fit(epoch_by_epoch, data.rows(0, 64), Adam{}, {.epochs = 2, .batch_size = 16});
    CHECK(limited.to_bytes() == epoch_by_epoch.to_bytes());
    CHECK(history.epochs.size() == 2);
    CHECK(history.stopped_epoch == 2);

    Network<float> first_rows = new_net();
    const FitOptions in_order{.epochs = 10, .max_steps = 3, .batch_size = 16, .batches = Batches::in_order};
    const History cut = fit(batch, data.rows(0, 64), Adam{}, in_order);
    const History whole = fit(first_rows, data.rows(0, 48), Adam{},
                              {.epochs = 1, .batch_size = 16, .batches = Batches::in_order});
    CHECK(batch.to_bytes() == first_rows.to_bytes());
    CHECK(cut.epochs.back().loss == whole.epochs.back().loss);
    CHECK(cut.stopped_epoch == 1);
  }
  cpu::set_num_threads(0);
}

TEST_CASE("a fit without time makes one update, even if that takes several batches") {
  const Parabola data;
  Method of_three = SGD{0.1};
  of_three.accumulate = 3;
  for (const Method& method : {Method(SGD{0.1}), of_three}) {
    Network<float> late = new_net(), one_step = new_net();
    const FitOptions at_once{.epochs = 10, .max_time = 1e-9, .batch_size = 16};
    CHECK(fit(late, data.rows(0, 64), method, at_once).stopped_epoch == 1);
    fit(one_step, data.rows(0, 64), method, {.epochs = 10, .max_steps = 1, .batch_size = 16});
    CHECK(late.to_bytes() == one_step.to_bytes());
  }
}

TEST_CASE("trainings that share a budget spend it together") {
  const Parabola data;
  Network<float> net = new_net(), other = new_net();
  Budget budget(6);
  const DataSet rows = data.rows(0, 64);
  Training<float> first(net, rows.x, rows.y, {.batch_size = 16, .budget = &budget});
  Training<float> second(other, rows.x, rows.y, {.batch_size = 16, .budget = &budget});
  const EpochResult whole = first.epoch(SGD{});
  CHECK(whole.share == 1);
  CHECK_FALSE(budget.spent());
  const EpochResult cut = second.epoch(SGD{});
  CHECK(cut.share == 0.5);
  CHECK_FALSE(cut.interrupted);
  CHECK(budget.spent());
}

TEST_CASE("mistakes are reported before any training") {
  const Parabola data;
  Network<float> net = new_net();
  const std::vector<std::byte> before = net.to_bytes();
  const auto check = [&](const char* message, const Method& method, const FitOptions& options) {
    CHECK_THROWS_WITH_AS(fit(net, data.rows(0, 64), method, options), message, ValueError);
    CHECK(net.to_bytes() == before);
  };
  check("patience: expected at least 1, got 0", SGD{}, {.early_stopping = EarlyStopping{0, 0, Figure::loss}});
  check("min_delta: expected a finite number of at least 0, got -1", SGD{},
        {.early_stopping = EarlyStopping{1, -1, Figure::loss}});
  check("early_stopping: monitoring this figure needs validation data", SGD{},
        {.early_stopping = EarlyStopping{}});
  check("max_steps: expected at least 1, got 0", SGD{}, {.max_steps = 0});
  check("max_time: expected a finite number above 0, got 0", SGD{}, {.max_time = 0});
  check("max_time: expected a finite number above 0, got inf", SGD{},
        {.max_time = std::numeric_limits<double>::infinity()});
  check("learning_rate: expected a number in [0, infinity), got -1", SGD{-1}, {});
  check("X: expected 1 columns, one for each input, got shape (1, 2)", SGD{},
        {.validation = DataSet{row_major<const float>(data.x.data(), 1, 2), data.rows(0, 1).y}});
}

TEST_CASE("concurrent fits equal separate ones, and one that diverges does not end the others") {
  const Parabola data;
  const auto options = [&](std::size_t i) {
    return FitOptions{.epochs = 3 + i,
                      .batch_size = 16 + i,
                      .validation = data.rows(48, 16),
                      .early_stopping = EarlyStopping{.patience = 3}};
  };
  for (const int threads : {1, 2, 3}) {
    cpu::set_num_threads(threads);
    std::vector<Network<float>> alone, together;
    std::vector<Fit> fits;
    for (std::size_t i = 0; i < 5; ++i) {
      alone.push_back(new_net());
      together.push_back(new_net());
    }
    for (std::size_t i = 0; i < 5; ++i) {
      const double rate = i == 2 ? 1e38 : 0.01 * static_cast<double>(i + 1);
      fits.push_back({&together[i], data.rows(0, 48), SGD{rate}, options(i)});
    }
    const std::vector<Outcome> outcomes = train_together(fits);
    REQUIRE(outcomes.size() == 5);
    CHECK_THROWS_AS(std::rethrow_exception(outcomes[2].error), DivergedError);
    for (const std::size_t i : std::vector<std::size_t>{0, 1, 3, 4}) {
      const History history = fit(alone[i], data.rows(0, 48), fits[i].method, options(i));
      CHECK_FALSE(outcomes[i].error);
      CHECK(alone[i].to_bytes() == together[i].to_bytes());
      CHECK(outcomes[i].history.epochs.size() == history.epochs.size());
      CHECK(outcomes[i].history.epochs.back().loss == history.epochs.back().loss);
      CHECK(outcomes[i].history.best_epoch == history.best_epoch);
    }
  }
  cpu::set_num_threads(0);
}

TEST_CASE("with fewer networks than threads each is trained by a team, to the same bits") {
  std::vector<float> x(256 * 128), y(256);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 83) / 83;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(i % 17) / 17;
  const DataSet rows{row_major<const float>(x.data(), 256, 128), row_major<const float>(y.data(), 256, 1)};
  for (const int threads : {2, 3, 5}) {
    std::vector<Network<float>> alone, together;
    std::vector<Fit> fits;
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      alone.emplace_back(128, std::vector<Layer>{{128, activation<Relu>}, {1}}, SquaredError{}, seed);
      together.push_back(alone.back().copy());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const FitOptions options{.epochs = 2 + 6 * i, .batch_size = 64};
      fit(alone[i], rows, Adam{}, options);
      fits.push_back({&together[i], rows, Adam{}, options});
    }
    cpu::set_num_threads(threads);
    const std::vector<Outcome> outcomes = train_together(fits);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK_FALSE(outcomes[i].error);
      CHECK(together[i].to_bytes() == alone[i].to_bytes());
    }
    cpu::set_num_threads(0);
  }
}

TEST_CASE("concurrent fits are checked before any training, and can be stopped") {
  const Parabola data;
  Network<float> net = new_net(), other = new_net();
  const std::vector<std::byte> before = net.to_bytes();
  const Fit good{&net, data.rows(0, 48), SGD{}};
  CHECK_THROWS_AS(train_together({good, {&other, data.rows(0, 48), SGD{-1}}}), ValueError);
  CHECK_THROWS_AS(train_together({good, good}), BusyError);
  CHECK(net.to_bytes() == before);
  FitOptions stopped{.epochs = 1000};
  stopped.interrupted = [] { return true; };
  const auto outcomes =
      train_together({{&net, data.rows(0, 48), SGD{}, stopped}, {&other, data.rows(0, 48), SGD{}, stopped}});
  CHECK(outcomes[0].history.stopped_epoch == 1);
  CHECK(outcomes[1].history.stopped_epoch == 1);
}
