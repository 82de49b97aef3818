#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "fanin/error.hpp"
#include "fanin/minimize.hpp"

using namespace fanin;

namespace {

// Rosenbrock's valley, minimum 0 at (1, 1)
template <class T>
double rosenbrock(std::span<const T> x, std::span<T> gradient) {
  const double a = static_cast<double>(x[0]), b = static_cast<double>(x[1]), off = b - a * a;
  if (!gradient.empty()) {
    gradient[0] = static_cast<T>(-400 * a * off - 2 * (1 - a));
    gradient[1] = static_cast<T>(200 * off);
  }
  return 100 * off * off + (1 - a) * (1 - a);
}

// f = sum of c_i x_i^2 / 2 with c from 1 to `condition`
struct Bowl {
  std::vector<double> c;
  Bowl(std::size_t n, double condition) : c(n) {
    for (std::size_t i = 0; i < n; ++i) {
      c[i] = std::pow(condition, static_cast<double>(i) / static_cast<double>(n - 1));
    }
  }
  double operator()(std::span<const double> x, std::span<double> gradient) const {
    double f = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
      f += c[i] * x[i] * x[i] / 2;
      if (!gradient.empty()) gradient[i] = c[i] * x[i];
    }
    return f;
  }
};

std::vector<LineSolver> to_the_end() {
  ConjugateGradient polak_ribiere{.gradient_tolerance = 1e-9, .loss_tolerance = 0};
  polak_ribiere.beta = ConjugateGradient::polak_ribiere;
  return {LBFGS{.gradient_tolerance = 1e-9, .loss_tolerance = 0},
          ConjugateGradient{.gradient_tolerance = 1e-9, .loss_tolerance = 0}, polak_ribiere};
}

const double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("solvers find the minimum of Rosenbrock's valley in at most 60 iterations") {
  for (const LineSolver& solver : to_the_end()) {
    std::vector<double> x = {-1.2, 1};
    const Minimum found = minimize<double>(rosenbrock<double>, x, solver);
    CHECK(found.ended == Ended::small_gradient);
    CHECK(found.iterations <= 60);
    CHECK(found.loss <= 1e-16);
    CHECK(std::abs(x[0] - 1) < 1e-8);
    CHECK(std::abs(x[1] - 1) < 1e-8);
  }
}

TEST_CASE("L-BFGS of 2 numbers has the superlinear rate of BFGS") {
  std::vector<double> x = {-1.2, 1}, gradients;
  MinimizeOptions options;
  options.after = [&](const Iteration& iteration) {
    gradients.push_back(iteration.gradient);
    return false;
  };
  minimize<double>(rosenbrock<double>, x, to_the_end()[0], options);
  REQUIRE(gradients.size() > 4);
  const std::size_t last = gradients.size() - 1;
  CHECK(gradients[last] / gradients[last - 1] < gradients[last - 2] / gradients[last - 3]);
  CHECK(gradients[last] / gradients[last - 1] < 0.02);
}

TEST_CASE("conjugate gradient needs n steps for a bowl of n dimensions") {
  for (const std::size_t n : {2U, 5U, 10U, 30U}) {
    for (std::size_t i = 1; i < 3; ++i) {
      std::vector<double> x(n, 1);
      const Minimum found = minimize<double>(Bowl(n, 10), x, to_the_end()[i], {.iterations = n});
      CHECK(found.loss < 1e-10);
    }
  }
}

TEST_CASE("float numbers come as near to the minimum as float allows") {
  for (const LineSolver& solver : to_the_end()) {
    std::vector<float> x = {-1.2f, 1};
    const Minimum found = minimize<float>(rosenbrock<float>, x, solver);
    CHECK(found.loss < 1e-10);
    CHECK(found.iterations < 200);
  }
}

TEST_CASE("trial steps to where f is not finite are shortened") {
  for (const double wall : {kInfinity, -kInfinity, std::nan("")}) {
    // minimum at 1, a wall from 2 on, and a gradient of -1000 at the start
    const Function<double> f = [wall](std::span<const double> x, std::span<double> gradient) {
      if (!gradient.empty()) gradient[0] = x[0] < 2 ? 1000 * (x[0] - 1) : std::nan("");
      return x[0] < 2 ? 500 * (x[0] - 1) * (x[0] - 1) : wall;
    };
    for (const LineSolver& solver : to_the_end()) {
      std::vector<double> x = {0};
      const Minimum found = minimize<double>(f, x, solver);
      CHECK(std::abs(x[0] - 1) < 1e-9);
      CHECK(found.loss < 1e-12);
    }
  }
}

TEST_CASE("a solver says why it ended") {
  const Function<double> flat = [](std::span<const double>, std::span<double> gradient) {
    if (!gradient.empty()) gradient[0] = 0;
    return 3.0;
  };
  std::vector<double> x = {5};
  Minimum found = minimize<double>(flat, x, LBFGS{});
  CHECK(found.ended == Ended::small_gradient);
  CHECK(found.iterations == 0);
  CHECK(found.evaluations == 1);

  x = {-1.2, 1};
  CHECK(minimize<double>(rosenbrock<double>, x, LBFGS{.loss_tolerance = 0.5}).ended == Ended::small_decrease);
  x = {-1.2, 1};
  found = minimize<double>(rosenbrock<double>, x, LBFGS{}, {.iterations = 3});
  CHECK(found.ended == Ended::iterations);
  CHECK(found.iterations == 3);
  const double after_three = found.loss;
  x = {-1.2, 1};
  found = minimize<double>(rosenbrock<double>, x, LBFGS{},
                           {.after = [](const Iteration& iteration) { return iteration.number == 3; }});
  CHECK(found.ended == Ended::stopped);
  CHECK(found.loss == after_three);

  // the gradient has the wrong sign
  const Function<double> uphill = [](std::span<const double> v, std::span<double> gradient) {
    if (!gradient.empty()) gradient[0] = -2 * v[0];
    return v[0] * v[0];
  };
  x = {1};
  found = minimize<double>(uphill, x, ConjugateGradient{});
  CHECK(found.ended == Ended::no_descent);
  CHECK(x[0] == 1);
}

TEST_CASE("a function without a minimum ends") {
  const Function<double> falls = [](std::span<const double> x, std::span<double> gradient) {
    if (!gradient.empty()) gradient[0] = -1;
    return -x[0];
  };
  for (const LineSolver& solver : to_the_end()) {
    std::vector<double> x = {0};
    const Minimum found = minimize<double>(falls, x, solver, {.iterations = 100});
    CHECK(std::isfinite(found.loss));
    CHECK(found.loss < 0);
  }
}

TEST_CASE("an exception of f ends it at the last step") {
  std::vector<double> x = {-1.2, 1}, at_three = x;
  minimize<double>(rosenbrock<double>, at_three, LBFGS{}, {.iterations = 3});
  std::size_t iterations = 0;
  const Function<double> f = [&](std::span<const double> v, std::span<double> gradient) {
    if (iterations == 3) throw std::runtime_error("enough");
    return rosenbrock<double>(v, gradient);
  };
  const MinimizeOptions options{.after = [&](const Iteration& iteration) {
    iterations = iteration.number;
    return false;
  }};
  CHECK_THROWS_WITH_AS(minimize<double>(f, x, LBFGS{}, options), "enough", std::runtime_error);
  CHECK(x == at_three);
}

TEST_CASE("what cannot be minimized is refused") {
  std::vector<double> x = {-1.2, 1}, none;
  const auto check = [&](const char* message, const Function<double>& f, std::span<double> from,
                         const LineSolver& solver) {
    CHECK_THROWS_WITH_AS(minimize<double>(f, from, solver), message, ValueError);
  };
  check("memory: expected a number in [1, infinity), got 0", rosenbrock<double>, x, LBFGS{.memory = 0});
  check("eta: expected a number in [0, infinity), got -1", rosenbrock<double>, x,
        ConjugateGradient{.eta = -1});
  check("x: expected at least one number, got none", rosenbrock<double>, none, LBFGS{});
  x = {kInfinity, 1};
  check("f: expected a finite value and gradient at the start, got inf", rosenbrock<double>, x, LBFGS{});
  const Function<double> steep = [](std::span<const double>, std::span<double> gradient) {
    gradient[0] = kInfinity;
    return 0.0;
  };
  check("f: expected a finite value and gradient at the start, got a gradient of inf", steep, x, LBFGS{});
  CHECK(x == std::vector<double>{kInfinity, 1});
}
