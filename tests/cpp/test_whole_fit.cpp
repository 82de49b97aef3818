// Schedules that span the fit
#include <doctest/doctest.h>

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

Network<float> new_net() { return {1, {{8, activation<Tanh>}, {1}}, SquaredError{}, 3}; }

}  // namespace

TEST_CASE("a schedule over the fit ends with it, and the steps of a fit repeat it") {
  const Parabola data;  // 4 steps per epoch
  Method whole = SGD{}, by_hand = SGD{};
  whole.learning_rate = Cosine{.first = 0.1};
  by_hand.learning_rate = Cosine{.first = 0.1, .steps = 12};
  Network<float> net = new_net(), other = new_net(), timed = new_net(), repeated = new_net();
  const History history = fit(net, data.rows(0, 64), whole, {.epochs = 3, .batch_size = 16});
  CHECK(history.steps.count == 12);
  CHECK(history.epochs[1].learning_rate == Cosine{.first = 0.1}.at({8, 8, 12}));
  fit(other, data.rows(0, 64), by_hand, {.epochs = 3, .batch_size = 16});
  CHECK(net.evaluate(data.rows(0, 64).x, data.rows(0, 64).y).loss ==
        other.evaluate(data.rows(0, 64).x, data.rows(0, 64).y).loss);

  const Steps steps = fit(timed, data.rows(0, 64), whole, {.max_time = 0.01, .batch_size = 16}).steps;
  fit(repeated, data.rows(0, 64), whole, {.max_steps = steps, .batch_size = 16});
  CHECK(timed.to_bytes() == repeated.to_bytes());
  const Knot& last = steps.knots.back();
  CHECK(last.done + static_cast<double>(steps.count - last.at) / last.steps == doctest::Approx(1));

  const DataSet rows = data.rows(0, 64);
  Training<float> endless(net, rows.x, rows.y);
  CHECK_THROWS_WITH_AS(endless.epoch(whole),
                       "steps: expected the number of steps of the schedule, because nothing limits the fit",
                       ValueError);
}

TEST_CASE("a warm-up and restarts are the schedule inside, stretched and repeated") {
  const Clock early(5, 5, 110), late(60, 60, 110);
  const WarmUp warm{Polynomial{.first = 1}, 10};
  CHECK(warm.at(early) == 0.5);
  CHECK(warm.at(late) == Polynomial{.first = 1}.at({50, 50, 100}));
  CHECK(warm.at({11, 10.5, 110.25}) == 1);  // steps of a fit that time ends
  CHECK(spans_fit(warm));
  const Restarts again{Polynomial{.first = 1}, 10, 2};
  const double expected[] = {1, 0.5, 1, 0.5, 1};
  const std::uint64_t steps[] = {1, 6, 11, 21, 31};
  for (int i = 0; i < 5; ++i) CHECK(again.at(steps[i]) == doctest::Approx(expected[i]));
  CHECK_FALSE(spans_fit(again));
  CHECK(Restarts{Cosine{.warm_up = 10}, 10}.conflict() != nullptr);
}

TEST_CASE("a chain is one schedule after the other, and spans the fit if the last one does") {
  const Chain chain{{{Polynomial{.first = 1}, ConstantSchedule{2}, Polynomial{.first = 3}}, 3},
                    {{10, 20}, 2}};
  CHECK(spans_fit(chain));
  CHECK(chain.conflict() == nullptr);
  CHECK(chain.largest() == 3);
  CHECK(chain.at({6, 6, 50}) == 0.5);
  CHECK(chain.at({30, 30, 50}) == 2);
  CHECK(chain.at({41, 41, 50}) == 1.5);
  CHECK(conflict_in(chain, 30) != nullptr);
  CHECK(conflict_in(chain, 31) == nullptr);
  CHECK(Chain{{{Cosine{}, Cosine{.warm_up = 5}}, 2}, {{10}, 1}}.conflict() == nullptr);
  CHECK(Chain{{{Cosine{.warm_up = 10}, Cosine{}}, 2}, {{10}, 1}}.conflict() != nullptr);
  CHECK(Chain{{{Cosine{}}, 1}, {{}, 0}}.conflict() != nullptr);
  CHECK(Chain{{{Cosine{}, Cosine{}}, 2}, {{1, 2}, 2}}.conflict() != nullptr);
  Method method = SGD{};
  method.learning_rate = Chain{{{Cosine{}, Cosine{}}, 2}, {{0}, 1}};
  Network<float> net = new_net();
  const Parabola data;
  CHECK_THROWS_WITH_AS(fit(net, data.rows(0, 64), method), "steps: expected a number in [1, infinity), got 0",
                       ValueError);
}

TEST_CASE("patience that starts over keeps the best, which later figures must beat by a share of it") {
  Patience patience{1, 0, false, 0.1};
  CHECK(patience.is_best(10));
  CHECK_FALSE(patience.is_best(9));
  CHECK(patience.runs_out());
  patience.renew();
  CHECK_FALSE(patience.runs_out());
  CHECK(patience.is_best(8.9));
  CHECK(patience.best_epoch == 3);
}
