#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "team/add.hpp"
#include "team/team.hpp"

using namespace fanin;

TEST_CASE("no thread passes a barrier before the last one arrives") {
  for (const int threads : {1, 2, 3, 7}) {
    Barrier barrier;
    std::atomic<int> arrived{0};
    std::atomic<int> early{0};
    const auto body = [&] {
      for (int round = 1; round <= 200; ++round) {
        arrived.fetch_add(1);
        barrier.wait(threads);
        if (arrived.load() < round * threads) early.fetch_add(1);
        barrier.wait(threads);
      }
    };
    std::vector<std::thread> team;
    for (int t = 0; t < threads; ++t) team.emplace_back(body);
    for (auto& t : team) t.join();
    CHECK(early.load() == 0);
    CHECK(arrived.load() == 200 * threads);
  }
}

TEST_CASE("threads that sleep at a barrier wake up for the next round") {
  constexpr int threads = 4, rounds = 20;
  Barrier barrier;
  std::atomic<int> arrived{0}, early{0};
  std::atomic<double> waited{0};
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t) {
    team.emplace_back([&, t] {
      for (int round = 0; round < rounds; ++round) {
        if (round % threads == t) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        arrived.fetch_add(1);
        add(waited, barrier.wait(threads));
        if (arrived.load() < (round + 1) * threads) early.fetch_add(1);
        barrier.wait(threads);
      }
    });
  }
  for (auto& t : team) t.join();
  CHECK(early.load() == 0);
  CHECK(arrived.load() == rounds * threads);
  CHECK(waited.load() > 0);
}

TEST_CASE("no addition is lost when several threads add to a sum") {
  std::atomic<double> sum{0.5};
  std::vector<std::thread> team;
  for (int t = 0; t < 4; ++t) {
    team.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) add(sum, 1);
    });
  }
  for (auto& t : team) t.join();
  CHECK(sum.load() == 40000.5);
}

TEST_CASE("the shares of a phase cover each job once, in order, at about equal cost") {
  for (const int threads : {1, 2, 3, 7}) {
    for (const std::size_t a : {1u, 2u, 5u, 64u}) {
      for (const std::size_t b : {1u, 3u, 17u}) {
        std::size_t next_a = 0, next_b = 0;
        for (int t = 0; t < threads; ++t) {
          Share share(t, threads, 10.0 + 3.0);
          const Range ra = share.take(a, 10.0), rb = share.take(b, 3.0);
          CHECK(ra.begin == next_a);
          CHECK(rb.begin == next_b);
          next_a = ra.end;
          next_b = rb.end;
          const double cost = 10.0 * static_cast<double>(ra.end - ra.begin) / static_cast<double>(a) +
                              3.0 * static_cast<double>(rb.end - rb.begin) / static_cast<double>(b);
          CHECK(cost <= 13.0 / threads + 10.0 / static_cast<double>(a) + 3.0 / static_cast<double>(b));
        }
        CHECK(next_a == a);
        CHECK(next_b == b);
      }
    }
  }
}

TEST_CASE("each unit is processed once, however many threads take part") {
  for (const int threads : {1, 2, 3, 7}) {
    for (const std::size_t units : {0u, 1u, 5u, 100u}) {
      for (int come = 1; come <= threads; ++come) {
        Turns turns(units, 3, threads);
        std::vector<std::atomic<int>> taken(units);
        std::vector<std::thread> team;
        for (int t = 0; t < come; ++t) {
          team.emplace_back([&, t] {
            turns.take(t, [&](Range some) {
              for (std::size_t unit = some.begin; unit < some.end; ++unit) taken[unit].fetch_add(1);
            });
          });
        }
        for (auto& t : team) t.join();
        CHECK(std::all_of(taken.begin(), taken.end(), [](const auto& n) { return n.load() == 1; }));
      }
    }
  }
}

TEST_CASE("a thread starts with its own units") {
  Turns turns(10, 2, 2);
  std::vector<std::size_t> order;
  turns.take(1, [&](Range some) { order.push_back(some.begin); });
  CHECK(order == std::vector<std::size_t>{5, 7, 9, 0, 2, 4});
}

TEST_CASE("rectangles cover a range of units once") {
  for (const std::size_t columns : {1u, 2u, 4u}) {
    const std::size_t units = 5 * columns;
    for (std::size_t begin = 0; begin <= units; ++begin) {
      for (std::size_t end = begin; end <= units; ++end) {
        std::vector<int> covered(units);
        int rectangles = 0;
        for_each_rectangle({begin, end}, columns, [&](Range rows, Range of_columns) {
          ++rectangles;
          for (std::size_t i = rows.begin; i < rows.end; ++i) {
            for (std::size_t j = of_columns.begin; j < of_columns.end; ++j) ++covered[i * columns + j];
          }
        });
        CHECK(rectangles <= 3);
        for (std::size_t u = 0; u < units; ++u) CHECK(covered[u] == (u >= begin && u < end ? 1 : 0));
      }
    }
  }
  CHECK(rows_of_blocks({1, 3}, 130).begin == 64);
  CHECK(rows_of_blocks({1, 3}, 130).end == 130);
}

TEST_CASE("a team has at most the requested number of threads, and each runs the body once") {
  for (const int threads : {1, 2, 5}) {
    std::atomic<int> bodies{0};
    std::atomic<int> size{0};
    run_team(threads, [&](int thread, int count) {
      bodies.fetch_add(1);
      size.store(count);
      CHECK(thread < count);
    });
    CHECK(bodies.load() == size.load());
    CHECK(size.load() <= threads);
  }
}
