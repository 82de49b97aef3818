#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "fanin/error.hpp"
#include "solvers/hessian_free.hpp"

using namespace fanin;

namespace {

constexpr double kEverywhere = std::numeric_limits<double>::infinity();

// f = sum of c_i (x_i - 1)^2 / 2 with c from 1 to `condition`; beyond x_0 = wall, `outside`
template <class T>
struct Basin : CurvedFunction<T> {
  std::vector<double> c;
  double wall = kEverywhere, outside = 0;
  std::size_t products = 0;

  Basin(std::size_t n, double condition) : c(n) {
    for (std::size_t i = 0; i < n; ++i) {
      c[i] =
          std::pow(condition, static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(n - 1, 1)));
    }
  }
  double value(std::span<const T> x) override {
    if (static_cast<double>(x[0]) > wall) return outside;
    double f = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
      const double off = static_cast<double>(x[i]) - 1;
      f += c[i] * off * off / 2;
    }
    return f;
  }
  double gradient(std::span<const T> x, std::span<T> g) override {
    for (std::size_t i = 0; i < c.size(); ++i) g[i] = static_cast<T>(c[i] * (static_cast<double>(x[i]) - 1));
    return value(x);
  }
  void product(std::span<const T> v, std::span<T> out) override {
    ++products;
    for (std::size_t i = 0; i < c.size(); ++i) out[i] = static_cast<T>(c[i]) * v[i];
  }
  void squares(std::span<T> out) override { std::fill(out.begin(), out.end(), T{0}); }
};

// Rosenbrock's valley as a sum of squares, with the Gauss-Newton matrix 2 J'J
template <class T>
struct GaussNewtonValley : CurvedFunction<T> {
  std::size_t left = 100000;  // gradients until it throws
  double a = 0;

  double value(std::span<const T> x) override {
    const double first = static_cast<double>(x[0]), off = static_cast<double>(x[1]) - first * first;
    return 100 * off * off + (1 - first) * (1 - first);
  }
  double gradient(std::span<const T> x, std::span<T> g) override {
    if (left-- == 0) throw std::runtime_error("enough");
    a = static_cast<double>(x[0]);
    const double off = static_cast<double>(x[1]) - a * a;
    g[0] = static_cast<T>(-400 * a * off - 2 * (1 - a));
    g[1] = static_cast<T>(200 * off);
    return value(x);
  }
  void product(std::span<const T> v, std::span<T> out) override {
    const double p = static_cast<double>(v[0]), first = 10 * static_cast<double>(v[1]) - 20 * a * p;
    out[0] = static_cast<T>(2 * (p - 20 * a * first));
    out[1] = static_cast<T>(20 * first);
  }
  void squares(std::span<T> out) override {
    out[0] = static_cast<T>(1 + 400 * a * a);
    out[1] = 100;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("Hessian-free reaches the bottom of a quadratic bowl in a few iterations", T, float,
                   double) {
  for (const std::size_t n : {1U, 10U, 100U}) {
    Basin<T> bowl(n, 100);
    std::vector<T> x(n, 0);
    std::vector<double> damping;
    const auto note = [&](const Iteration& iteration) {
      damping.push_back(iteration.damping);
      return false;
    };
    const Minimum found = minimize<T>(bowl, x, HessianFree{.loss_tolerance = 0}, {.after = note});
    CHECK(found.loss < 1e-9);
    CHECK(found.iterations < 25);
    CHECK(damping[0] == doctest::Approx(2.0 / 3));  // rho is 1 on bowls
    CHECK(bowl.products <= 251 * found.iterations);
  }
}

TEST_CASE("more conjugate gradients take fewer iterations") {
  std::size_t iterations[2];
  for (const std::size_t most : {3U, 250U}) {
    Basin<double> bowl(50, 1000);
    std::vector<double> x(50);
    const Minimum found = minimize<double>(bowl, x, HessianFree{.cg_iterations = most});
    CHECK(bowl.products <= (most + 1) * (found.iterations + 2));
    iterations[most == 3 ? 0 : 1] = found.iterations;
  }
  CHECK(iterations[1] < iterations[0]);
}

TEST_CASE_TEMPLATE("Hessian-free follows Rosenbrock's valley by Gauss-Newton products", T, float, double) {
  GaussNewtonValley<T> valley;
  std::vector<T> x = {T(-1.2), 1};
  const Minimum found = minimize<T>(valley, x, HessianFree{.loss_tolerance = 0});
  CHECK(found.iterations < 100);
  CHECK(found.loss < 1e-8);
  CHECK(std::abs(static_cast<double>(x[0]) - 1) < 1e-3);
}

TEST_CASE("Hessian-free shortens steps to where f is not finite") {
  for (const double outside : {kEverywhere, -kEverywhere, std::nan("")}) {
    Basin<double> bowl(3, 10);
    bowl.wall = 0.5;  // before the minimum
    bowl.outside = outside;
    std::vector<double> x(3);
    const Minimum found = minimize<double>(bowl, x, HessianFree{}, {.iterations = 50});
    CHECK(std::isfinite(found.loss));
    CHECK(x[0] <= 0.5);
    CHECK(found.loss < 0.5);
  }
}

TEST_CASE("Hessian-free says why it ended") {
  Basin<double> bowl(2, 10);
  std::vector<double> x = {1, 1};
  Minimum found = minimize<double>(bowl, x, HessianFree{});
  CHECK(found.ended == Ended::small_gradient);
  CHECK(found.evaluations == 1);
  GaussNewtonValley<double> valley;
  x = {-1.2, 1};
  CHECK(minimize<double>(valley, x, HessianFree{}, {.iterations = 2}).ended == Ended::iterations);
  x = {-1.2, 1};
  CHECK(minimize<double>(valley, x, HessianFree{.loss_tolerance = 0.9}).ended == Ended::small_decrease);
  x = {-1.2, 1};
  const auto stop = [](const Iteration& iteration) { return iteration.number == 3; };
  found = minimize<double>(valley, x, HessianFree{}, {.after = stop});
  CHECK(found.ended == Ended::stopped);
  CHECK(found.iterations == 3);

  // the gradient has the wrong sign
  struct Uphill : Basin<double> {
    Uphill() : Basin(1, 1) {}
    double gradient(std::span<const double> v, std::span<double> g) override {
      g[0] = 1 - v[0];
      return value(v);
    }
  } uphill;
  x = {0};
  CHECK(minimize<double>(uphill, x, HessianFree{}).ended == Ended::no_descent);
  CHECK(x[0] == 0);
}

TEST_CASE_TEMPLATE("Hessian-free resumes exactly from its memory", T, float, double) {
  GaussNewtonValley<T> valley;
  std::vector<T> x = {T(-1.2), 1}, same = x;
  HessianFreeSteps<T> steps(valley, x, HessianFree{});
  for (int i = 0; i < 12; ++i) steps.iterate();
  HessianFreeSteps<T> first(valley, same, HessianFree{});
  for (int i = 0; i < 5; ++i) first.iterate();
  const SolverMemory<T> memory = first.memory();
  HessianFreeSteps<T> second(valley, same, HessianFree{}, &memory);
  for (int i = 5; i < 12; ++i) second.iterate();
  CHECK(same == x);
  CHECK(second.memory() == steps.memory());
}

TEST_CASE("an exception of a curved function leaves the last iteration") {
  GaussNewtonValley<double> valley, other;
  std::vector<double> x = {-1.2, 1}, same = x;
  HessianFreeSteps<double> steps(valley, x, HessianFree{}), others(other, same, HessianFree{});
  steps.iterate();
  others.iterate();
  valley.left = 0;
  CHECK_THROWS_WITH_AS(steps.iterate(), "enough", std::runtime_error);
  CHECK(x == same);
  CHECK(steps.memory() == others.memory());
  valley.left = 1000;
  steps.iterate();
  others.iterate();
  CHECK(x == same);
}

TEST_CASE("what Hessian-free cannot minimize is refused") {
  Basin<double> bowl(1, 1);
  std::vector<double> x = {std::nan("")}, none;
  const auto check = [&](const char* message, std::span<double> from, const HessianFree& solver) {
    CHECK_THROWS_WITH_AS(minimize<double>(bowl, from, solver), message, ValueError);
  };
  check("f: expected a finite value and gradient at the start, got nan", x, HessianFree{});
  check("x: expected at least one number, got none", none, HessianFree{});
  check("sample: expected a number in (0, 1], got 0", x, HessianFree{.sample = 0});
  check("cg_iterations: expected a number in [1, infinity), got 0", x, HessianFree{.cg_iterations = 0});
  x = {0};
  const SolverMemory<double> wrong{{1}, {{1, 2}}};
  CHECK_THROWS_WITH_AS(HessianFreeSteps<double>(bowl, x, HessianFree{}, &wrong),
                       "hessian_free: expected lambda > 0 and at most 1 vector, got 1 numbers and 1 vectors",
                       ValueError);
}
