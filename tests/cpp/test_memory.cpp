// Resident memory does not grow, however long a program trains and predicts.
#include <doctest/doctest.h>

#include <fstream>

#include "fanin/fanin.hpp"

#if defined(__linux__)
#include <unistd.h>
#endif

using namespace fanin;

namespace {

// In kB; 0 if the system does not report it
double resident() {
#if defined(__linux__)
  std::size_t size = 0, pages = 0;
  std::ifstream("/proc/self/statm") >> size >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
#else
  return 0;
#endif
}

}  // namespace

TEST_CASE("two million steps, and a prediction after each thousand, leave resident memory flat") {
  constexpr std::size_t steps = 1000, batch = 2;
  std::vector<float> x(steps * batch * 3), out(steps * batch * 2);
  std::vector<std::int64_t> y(steps * batch);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) / 7;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int64_t>(i % 2);
  const Samples samples = row_major<const float>(x.data(), y.size(), 3);
  Network<float> net(3, {{4, activation<Relu>}, {2}}, SoftmaxCrossEntropy{});
  Training<float> training(net, samples, std::span<const std::int64_t>(y), {.batch_size = batch});
  const auto epochs = [&](int count) {
    for (int i = 0; i < count; ++i) {
      training.epoch(Adam{});
      net.predict(samples, row_major(out.data(), y.size(), 2));
    }
  };
  epochs(20);
  const double before = resident();
  epochs(2000);
  CHECK(net.epochs() * steps == 2'020'000);
  CHECK(resident() - before <= 256);
}
