// Epochs and predictions do not allocate: calls of operator new are counted for the whole program.
#include <doctest/doctest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "allocations.hpp"
#include "fanin/fanin.hpp"

using namespace fanin;
using test::allocations;

TEST_CASE("predicting a row does not allocate, not even the first time in a thread") {
  std::vector<float> x(784, 0.5f), out(10);
  Network<float> net(784, {{256, activation<Relu>, Automatic{}, Zeros{}, BatchNorm{}}, {10}},
                     SoftmaxCrossEntropy{});
  const std::vector<std::int64_t> y = {0, 1};
  const std::vector<float> both(2 * 784, 0.25f);
  Training<float> training(net, row_major<const float>(both.data(), 2, 784),
                           std::span<const std::int64_t>(y));
  training.epoch(Adam{});
  const Samples row = row_major<const float>(x.data(), 1, 784);
  std::size_t count = 1;
  std::thread([&] {
    const std::size_t before = allocations.load();
    net.predict(row, row_major(out.data(), 1, 10));
    CHECK(net.try_predict(row, row_major(out.data(), 1, 10)));
    count = allocations.load() - before;
  }).join();
  CHECK(count == 0);
}

TEST_CASE("predicting does not allocate after weights have been set, read or copied") {
  const std::vector<float> x(2 * 20, 0.5f), weights(20 * 8, 0.25f);
  std::vector<float> out(2);
  const auto predict = [&](const Network<float>& net) {
    const std::size_t before = allocations.load();
    net.predict(row_major<const float>(x.data(), 2, 20), row_major(out.data(), 2, 1));
    return allocations.load() - before;
  };
  Network<float> net(20, {{8, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {1}}, SquaredError{});
  CHECK(predict(net) == 0);
  net.set_array("layer1.weight", std::span<const float>(weights));
  CHECK(predict(net) == 0);
  CHECK(predict(net.copy()) == 0);
  CHECK(predict(Network<float>::from_bytes(net.to_bytes())) == 0);
}

TEST_CASE("many threads predict at once, with the results of a single one") {
  std::vector<float> x(300 * 20);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17) / 17;
  const Network<float> net(20, {{64, activation<Tanh>, Automatic{}, Zeros{}, BatchNorm{}}, {2}},
                           SquaredError{});
  const Samples rows = row_major<const float>(x.data(), 300, 20);
  std::vector<float> expected(600);
  net.predict(rows, row_major(expected.data(), 300, 2));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<float> out(600);
      for (int i = 0; i < 20; ++i) {
        if (!net.try_predict(rows, row_major(out.data(), 300, 2)) || out != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("without exceptions, a mistake returns false and nothing is written") {
  const Network<float> net(2, {{1}}, SquaredError{});
  std::vector<float> x = {1, std::numeric_limits<float>::quiet_NaN()}, out = {7};
  CHECK_FALSE(net.try_predict(row_major<const float>(x.data(), 1, 2), row_major(out.data(), 1, 1)));
  CHECK_FALSE(net.try_predict(row_major<const float>(x.data(), 1, 1), row_major(out.data(), 1, 1)));
  CHECK(out[0] == 7);
}

TEST_CASE("an epoch does not allocate once the rule has its state") {
  const std::size_t rows = 200, inputs = 300;
  const std::vector<double> doubles(rows * inputs, 0.5);
  const std::vector<std::uint8_t> bytes(rows * inputs, 1);
  std::vector<std::int64_t> y(rows, 1);
  const int before = cpu::num_threads();
  const auto check = [&](int threads, const Samples& x) {
    cpu::set_num_threads(threads);
    Network<float> net(inputs, {{200, activation<Relu>}, {100, activation<Tanh>}, {3}},
                       SoftmaxCrossEntropy{});
    Training<float> training(net, x, std::span<const std::int64_t>(y), {.batch_size = 64});
    Method surrounded = Nesterov{};
    surrounded.l2 = 0.1;
    surrounded.momentum = Piecewise{};
    Method grouped = surrounded;
    grouped.accumulate = 3;
    grouped.clip_norm = 1;
    grouped.average_decay = 0.9;
    grouped.arrays.resize(6, {.rate_scale = 0.5});
    for (const Method& method : {Method(Adam{}), surrounded, Method(SchaulVSGD{}), grouped}) {
      training.epoch(method);
      const std::size_t so_far = allocations.load();
      training.epoch(method);
      CHECK(allocations.load() == so_far);
    }
  };
  for (const int threads : {1, 2}) {
    if (threads > 1 && !cpu::has_openmp()) continue;  // starting a thread for each call allocates
    check(threads, row_major<const double>(doubles.data(), rows, inputs));
    check(threads, numbers(row_major<const std::uint8_t>(bytes.data(), rows, inputs)));
  }
  cpu::set_num_threads(before);
}
