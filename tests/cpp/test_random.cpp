#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.hpp"

using namespace fanin;

TEST_CASE("Philox gives the published values") {
  // known-answer tests of Random123 for philox4x32-10
  const auto zeros = Philox(0, 0).block(0);
  CHECK(zeros == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint64_t ones = ~std::uint64_t{0};
  CHECK(Philox(ones, ones).block(ones) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
}

TEST_CASE("numbers drawn together equal those drawn one by one") {
  const Philox random(0x123456789ABCDEF0, stream_of_epoch(7));
  for (const std::uint64_t first : {0ull, 1ull, 77ull, 0xFFFFFFF0ull, 0x123456789ull}) {
    for (std::size_t n = 0; n <= 33; ++n) {
      std::vector<std::uint64_t> drawn(n + 1, 42);
      random.bits(drawn.data(), first, n);
      for (std::size_t i = 0; i < n; ++i) CHECK(drawn[i] == random.bits(first + i));
      CHECK(drawn[n] == 42);
    }
  }
}

TEST_CASE("random values come from their blocks") {
  const Philox random(0x123456789ABCDEF0, stream_of_layer(3));
  const auto unit = [](std::uint32_t low, std::uint32_t high) {
    return static_cast<double>((std::uint64_t{low} | std::uint64_t{high} << 32) >> 11) * 0x1p-53;
  };
  const auto uniform_value = [&](std::uint64_t i) {
    const auto block = random.block(i);
    return std::sqrt(3.0) * (2 * unit(block[0], block[1]) - 1);
  };
  const auto normal_value = [&](std::uint64_t i) {
    const auto block = random.block(i / 2);
    const double u = 1 - unit(block[0], block[1]), v = 2 * std::numbers::pi * unit(block[2], block[3]);
    return std::sqrt(-2 * std::log(u)) * (i % 2 == 0 ? std::cos(v) : std::sin(v));
  };
  // the lower word of the counter overflows
  for (const std::uint64_t first : {0ull, 1ull, 0xFFFFFFE0ull, 0x1FFFFFFE1ull}) {
    for (const std::size_t n : {0u, 1u, 2u, 3u, 36u, 37u, 700u}) {
      std::vector<double> uniform(n + 1, 42), normal(n + 1, 42);
      random.uniform(uniform.data(), first, n);
      random.normal(normal.data(), first, n);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK(uniform[i] == uniform_value(first + i));
        CHECK(std::abs(normal[i] - normal_value(first + i)) < 1e-14);
      }
      CHECK(uniform[n] == 42);
      CHECK(normal[n] == 42);
    }
  }
}

TEST_CASE("a permutation has each number once, and depends on the stream") {
  for (const std::uint32_t n : {1u, 2u, 7u, 1000u}) {
    std::vector<std::uint32_t> order(n), other(n);
    permute(order.data(), n, Philox(1, stream_of_epoch(0)));
    permute(other.data(), n, Philox(1, stream_of_epoch(1)));
    if (n > 2) CHECK(order != other);
    std::sort(order.begin(), order.end());
    for (std::uint32_t i = 0; i < n; ++i) CHECK(order[i] == i);
  }
}

TEST_CASE("numbers below n are all reached, and n never is") {
  CHECK(below(~std::uint64_t{0}, 10) == 9);
  CHECK(below(0, 10) == 0);
  CHECK(below(~std::uint64_t{0}, 0xFFFFFFFF) == 0xFFFFFFFE);
}

TEST_CASE("every order of three is about equally frequent") {
  std::vector<int> count(27);
  for (std::uint64_t epoch = 0; epoch < 6000; ++epoch) {
    std::uint32_t order[3];
    permute(order, 3, Philox(5, stream_of_epoch(epoch)));
    ++count[order[0] * 9 + order[1] * 3 + order[2]];
  }
  const auto kinds = std::count_if(count.begin(), count.end(), [](int c) { return c > 0; });
  CHECK(kinds == 6);
  for (const int c : count) CHECK((c == 0 || std::abs(c - 1000) < 150));  // five standard deviations
}
