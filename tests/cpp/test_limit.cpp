// Calls of several threads divide the threads of the process; a thread may have a number of its own.
#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

#include "fanin/fanin.hpp"
#include "team/limit.hpp"

using namespace fanin;

namespace {

struct EightThreads {
  EightThreads() : possible((cpu::set_num_threads(8), cpu::num_threads() == 8)) {}
  ~EightThreads() { cpu::set_num_threads(0); }
  EightThreads(const EightThreads&) = delete;
  EightThreads& operator=(const EightThreads&) = delete;
  const bool possible;  // not with OMP_NUM_THREADS lowered, or without teams
};

template <class F>
void in_another_thread(F&& f) {
  std::thread(f).join();
}

struct SmallTraining {
  std::vector<float> x = std::vector<float>(8, 0.5f);
  Network<float> net{2, {{1}}, SquaredError{}};
  std::unique_ptr<Training<float>> training = std::make_unique<Training<float>>(
      net, row_major<const float>(x.data(), 4, 2), Targets(row_major<const float>(x.data(), 4, 1)));
};

}  // namespace

TEST_CASE("large calls of several threads share the threads of the process") {
  const EightThreads eight;
  if (!eight.possible) return;
  const Claim first(true);
  CHECK(first.threads() == 8);
  in_another_thread([] {
    const Claim second(true);
    CHECK(second.threads() == 4);
    in_another_thread([] { CHECK(Claim(true).threads() == 2); });
    in_another_thread([] { CHECK(Claim(false).threads() == 1); });
  });
  CHECK(team_size() == 8);
}

TEST_CASE("every call has a thread, however many there are") {
  const EightThreads eight;
  if (!eight.possible) return;
  const std::vector<CallUnderWay> many(20);
  CHECK(Claim(true).threads() == 1);
}

TEST_CASE("a training counts from its first epoch until it is destroyed, also between its epochs") {
  const EightThreads eight;
  if (!eight.possible) return;
  const auto claimed_elsewhere = [] {
    int threads = 0;
    in_another_thread([&] { threads = Claim(true).threads(); });
    return threads;
  };
  SmallTraining one, other;
  CHECK(claimed_elsewhere() == 8);
  one.training->epoch(SGD{});
  CHECK(claimed_elsewhere() == 4);
  CHECK(Claim(true).threads() == 8);  // a validation
  other.training->epoch(SGD{});       // of the same thread
  CHECK(claimed_elsewhere() == 4);
  one.training.reset();
  CHECK(claimed_elsewhere() == 4);
  in_another_thread([&] { other.training.reset(); });
  CHECK(claimed_elsewhere() == 8);
}

TEST_CASE("a training that continues in another thread counts there") {
  const EightThreads eight;
  if (!eight.possible) return;
  SmallTraining one;
  one.training->epoch(SGD{});
  in_another_thread([&] {
    one.training->epoch(SGD{});
    CHECK(Claim(true).threads() == 8);
  });
  CHECK(Claim(true).threads() == 4);
}

TEST_CASE("trainings of a population count as one call") {
  const EightThreads eight;
  if (!eight.possible) return;
  SmallTraining members[3];
  Population population;
  for (std::size_t i = 0; i < 3; ++i) population.begin(i, *members[i].training, SGD{});
  CHECK(team_size() == 8);
  in_another_thread([] { CHECK(Claim(true).threads() == 4); });
  while (!population.run().empty()) {
  }
}

TEST_CASE("a thread's own number holds for its calls alone, within its share") {
  const EightThreads eight;
  if (!eight.possible) return;
  CHECK(cpu::set_own_num_threads(3) == 0);
  CHECK(cpu::num_threads() == 3);
  in_another_thread([] { CHECK(cpu::num_threads() == 8); });
  cpu::set_num_threads(2);
  CHECK(cpu::num_threads() == 3);
  cpu::set_num_threads(8);
  {
    const std::vector<CallUnderWay> one_other(1);
    CHECK(Claim(true).threads() == 3);
    const std::vector<CallUnderWay> three_more(3);
    CHECK(Claim(true).threads() == 1);
  }
  CHECK(cpu::set_own_num_threads(0) == 3);
  CHECK(cpu::num_threads() == 8);
  CHECK_THROWS_WITH_AS(cpu::set_own_num_threads(-1),
                       "num_threads: expected a number from 1 to 4096, or 0 for the default, got -1",
                       ValueError);
}
