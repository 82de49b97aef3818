#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "team/call.hpp"
#include "team/pace.hpp"

using namespace fanin;

namespace {

struct Machine {
  std::function<double(double now)> alone, together;  // seconds of a step
  double waited_share = 0;                            // of a step together
};

// The number of steps a training does in this many seconds, in epochs of `epoch` steps
std::size_t steps_in(double seconds, const Machine& machine, Pace& pace, double start = 0,
                     std::size_t epoch = 100) {
  std::size_t all = 0;
  double now = start;
  while (now < start + seconds) {
    const bool together = pace.begin(2, now) == 2;
    double waited = 0;
    std::size_t steps = 0;
    for (bool last = false; !last && steps < epoch; ++steps) {
      last = pace.time_is_up(waited, steps, now);
      const double step = (together ? machine.together : machine.alone)(now);
      now += step;
      waited += together ? step * machine.waited_share : 0;
    }
    all += steps;
    pace.end(steps, now);
  }
  return all;
}

std::function<double(double)> always(double seconds) {
  return [=](double) { return seconds; };
}

}  // namespace

TEST_CASE("a faster team does nearly all steps") {
  for (const double step : {20e-6, 1e-3, 50e-3, 0.4}) {
    Pace pace(std::make_shared<Experience>());
    const double seconds = 5000 * step;
    const auto steps = static_cast<double>(steps_in(seconds, {always(2 * step), always(step)}, pace));
    CHECK(steps > 0.98 * seconds / step);
  }
}

TEST_CASE("a slower team soon leaves its steps to one thread") {
  for (const double step : {20e-6, 1e-3, 50e-3}) {
    Pace pace(std::make_shared<Experience>());
    const double seconds = 5000 * step + 5;
    const auto steps = static_cast<double>(steps_in(seconds, {always(step), always(1.4 * step)}, pace));
    CHECK(steps > 0.95 * seconds / step);
  }
}

TEST_CASE("a team that waits for longer than it works is given up") {
  Pace pace(std::make_shared<Experience>());
  const Machine busy{always(1e-3), always(8e-3), 0.9};
  CHECK(steps_in(20, busy, pace) > 0.95 * 20 / 1e-3);
}

TEST_CASE("a team works again once it is faster again") {
  Pace pace(std::make_shared<Experience>());
  const Machine busy{always(1e-3), always(8e-3), 0.9}, quiet{always(1e-3), always(0.5e-3)};
  steps_in(20, busy, pace, 0);
  steps_in(4, quiet, pace, 21);
  CHECK(steps_in(4, quiet, pace, 26) > 0.97 * 4 / 0.5e-3);
}

TEST_CASE("occasional interference costs a team little, in short epochs too") {
  Pace pace(std::make_shared<Experience>());
  const Machine busy{always(1e-3), always(8e-3), 0.9}, quiet{always(1e-3), always(0.5e-3)};
  std::size_t steps = 0;
  for (int second = 0; second < 20; ++second) {
    steps_in(0.02, busy, pace, second, 5);
    steps += steps_in(0.98, quiet, pace, second + 0.02, 5);
  }
  CHECK(steps > 0.9 * 20 / 0.5e-3);
}

TEST_CASE("many short trainings are as fast as one long one, with occasional interference") {
  const Machine busy{always(1e-3), always(8e-3), 0.9};
  const auto experience = std::make_shared<Experience>();
  std::size_t steps = 0;
  double now = 0;
  for (int fit = 0; fit < 400; ++fit, now += 0.05) {
    Pace pace(experience);
    steps += steps_in(0.05, busy, pace, now, 10);
  }
  CHECK(steps > 0.95 * 400 * 0.05 / 1e-3);
}

TEST_CASE("experience is of one kind of steps, and a new kind starts with what is known of the machine") {
  const double first = 1234567, second = 7654321;  // used by no other test
  const auto known = experience_of(first, 2);
  CHECK(experience_of(first, 2) == known);
  CHECK(experience_of(first, 3) != known);
  known->better_together = false;
  known->next_trial = seconds_now() + 1000;
  CHECK(experience_of(first, 2) == known);
  const auto fresh = experience_of(second, 2);
  CHECK(!fresh->better_together);
  CHECK(fresh->next_trial < seconds_now() + 1);
}

TEST_CASE("a team of one needs no trials") {
  Pace pace(std::make_shared<Experience>());
  for (int slice = 0; slice < 100; ++slice) {
    CHECK(pace.begin(1, slice) == 1);
    CHECK(!pace.time_is_up(0, 10, slice + 0.02));
    CHECK(pace.time_is_up(0, 20, slice + 0.06));
    pace.end(20, slice + 0.06);
  }
}

TEST_CASE("a team that has shrunk to one thread works in long slices until it grows again") {
  const auto experience = std::make_shared<Experience>();
  Pace pace(experience, 0.1);
  const auto slice = [&](int team, double now) {
    const int threads = pace.begin(team, now);
    CHECK(!pace.time_is_up(0, 10, now + 0.02));
    CHECK(pace.time_is_up(0, 20, now + 0.06));
    pace.end(20, now + 0.06);
    return threads;
  };
  CHECK(slice(2, 0) == 2);
  for (int i = 1; i < 10; ++i) CHECK(slice(1, i) == 1);
  CHECK(experience->better_together);
  CHECK(pace.begin(2, 10) == 1);  // the trial that was due
  pace.end(20, 10 + 0.06);
  CHECK(pace.begin(2, 11) == 2);
}

TEST_CASE("a retreat is as long as what was lost, or twice the last one if that was not worthwhile") {
  Retreat retreat{0.01, 3.2, 2};
  CHECK(retreat.over(0));
  retreat.begin(1, 0.02);
  CHECK(retreat.until() == doctest::Approx(1.02));
  CHECK(!retreat.over(1.015));
  retreat.went_well(0.01);  // does not justify 20 ms of waiting
  retreat.begin(2, 0.02);
  CHECK(retreat.until() == doctest::Approx(2.04));
  retreat.begin(3, 0.1);
  CHECK(retreat.until() == doctest::Approx(3.1));
  retreat.went_well(0.03);
  retreat.went_well(0.03);  // does
  retreat.begin(4, 0.02);
  CHECK(retreat.until() == doctest::Approx(4.02));
  retreat.went_well(1);
  retreat.begin(5, 0.001);
  CHECK(retreat.until() == doctest::Approx(5.01));
  for (int i = 0; i < 20; ++i) retreat.begin(6, 0.001);
  CHECK(retreat.until() == doctest::Approx(9.2));
}

TEST_CASE("a call in which threads wait for longer than they work leaves the next ones to one thread") {
  std::atomic<int> team{0};
  const auto call = [&](int milliseconds) {
    run_call(2, [&](int thread, int threads) {
      team = threads;
      if (thread > 0) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    });
    return team.load();
  };
  Retreat& retreat = retreat_of_calls();
  call(0);  // creating the first team takes long
  const double before = seconds_now();
  while (!retreat.over(seconds_now())) std::this_thread::yield();
  if (call(20) == 1) return;  // a build or a machine without teams
  CHECK(retreat.until() > before);
  retreat.begin(seconds_now() + 1000, 0);
  CHECK(call(0) == 1);
  retreat.begin(-1000, 0);
  CHECK(call(0) == 2);
}
