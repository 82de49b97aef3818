// What a rule may do that none of the list does, through the library's own loops.
#include <doctest/doctest.h>

#include <vector>

#define FANIN_ISA own_rule
#include "fanin/rules/all.hpp"
#include "kernels/update.hpp"

using namespace fanin;

namespace {

// Schedule-free SGD (Defazio et al. 2024, equations 1 to 3), with c = 1 / t:
//   y = (1 - beta) z + beta x                    where gradients are taken
//   z <- z - learning_rate * g
//   x <- (1 - c) x + c z                         what people see
// y is what the rule trains, so that x = (y - (1 - beta) z) / beta.
struct ScheduleFree {
  static constexpr const char* slot_names[] = {"z"};
  struct Constants {
    double rate, beta, newest;
  };
  template <class V>
  static V step(const Constants& c, V g, V y, V* slot) {
    V& z = slot[0];
    const V x = shown(V(c.beta), y, slot);
    z = fma(V(-c.rate), g, z);
    return trained(V(c.beta), fma(V(c.newest), z - x, x), slot) - y;
  }

  static constexpr bool looks_ahead() { return true; }
  double ahead() const { return 0.5; }
  template <class V>
  static V shown(V beta, V y, const V* slot) {
    return fma(beta - V(1.0), slot[0], y) / beta;
  }
  template <class V>
  static V trained(V beta, V x, const V* slot) {
    return fma(V(1.0) - beta, slot[0], beta * x);
  }
};

// Powers of two and small integers: exact
constexpr double kRate = 0.25, kBeta = 0.5;
constexpr std::size_t kSize = 37;

}  // namespace

TEST_CASE_TEMPLATE("a rule may read the weight, and show others than it trains", T, float, double) {
  std::vector<T> y(kSize), z(kSize), g(kSize), average(kSize), shown(kSize), back(kSize);
  std::vector<double> x(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    x[i] = static_cast<double>(i % 7) - 3;
    y[i] = z[i] = static_cast<T>(x[i]);
  }
  const int place[] = {0};
  const Segment all{kSize, {}};
  for (int t = 0; t < 3; ++t) {
    const ScheduleFree::Constants constants{kRate, kBeta, t == 0 ? 1 : 0.5};
    Update<T> update{0, &constants, y.data(), z.data(), kSize};
    update.segments = &all;
    update.averaging = {average.data(), 1};
    update.look_ahead = {kBeta, place};
    std::vector<double> expected(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      g[i] = static_cast<T>(static_cast<double>(i % 5) - 2);
      const double next = static_cast<double>(z[i]) - kRate * static_cast<double>(g[i]);
      x[i] = (1 - constants.newest) * x[i] + constants.newest * next;
      expected[i] = (1 - kBeta) * next + kBeta * x[i];
    }
    own_rule::update_run<ScheduleFree>(update, g.data(), 0, kSize);
    own_rule::convert_run<ScheduleFree>(update, shown.data(), y.data(), false, kSize);
    own_rule::convert_run<ScheduleFree>(update, back.data(), shown.data(), true, kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      CHECK(static_cast<double>(y[i]) == expected[i]);
      CHECK(static_cast<double>(shown[i]) == x[i]);
      CHECK(average[i] == shown[i]);
      CHECK(back[i] == y[i]);
    }
  }
}
