#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "fanin/error.hpp"
#include "solvers/cholesky.hpp"
#include "solvers/levenberg_marquardt.hpp"
#include "sums_of_squares.hpp"

using namespace fanin;
using namespace fanin::test;

namespace {

const LevenbergMarquardt kPlain{.geodesic = false}, kBayes{.regularization = LevenbergMarquardt::bayes};

// e = x^2 - 1, and from x = 2 on something that is not finite
class Wall : public ByJacobian {
 public:
  explicit Wall(double beyond) : beyond_(beyond) {}
  std::size_t residuals() const override { return 1; }

 protected:
  void errors(std::span<const double> x, std::span<double> e) override {
    e[0] = x[0] < 2 ? x[0] * x[0] - 1 : beyond_;
  }
  void derivatives(std::span<const double> x, std::span<double> J) override { J[0] = 2 * x[0]; }

 private:
  const double beyond_;
};

}  // namespace

TEST_CASE("Levenberg-Marquardt has a superlinear rate in Rosenbrock's valley") {
  for (const bool geodesic : {false, true}) {
    Valley valley;
    std::vector<double> x = {-1.2, 1}, gradients;
    const auto note = [&](const Iteration& iteration) {
      gradients.push_back(iteration.gradient);
      CHECK(iteration.damping > 0);
      return false;
    };
    const Minimum found =
        minimize(valley, x, {.geodesic = geodesic, .gradient_tolerance = 1e-13}, {.after = note});
    CHECK(found.ended == Ended::small_gradient);
    CHECK(found.iterations < 40);
    CHECK(difference(x, {1, 1}) < 1e-12);
    const std::size_t last = gradients.size() - 1;
    CHECK(gradients[last - 1] / gradients[last - 2] < 0.05);
    CHECK(gradients[last] / gradients[last - 1] < 0.05);
  }
}

TEST_CASE("linear least squares take a few steps, as mu goes to 0") {
  const std::size_t n = 5, m = 40;
  const std::vector<double> X = normal_values(m * n, 1), truth = normal_values(n, 2);
  std::vector<double> y(m), x(n);
  for (std::size_t i = 0; i < m; ++i) y[i] = dot<double>(std::span(X).subspan(i * n, n), truth);
  Linear linear(X, y);
  const Minimum found = minimize(linear, x, {.damping = 1e-12});
  CHECK(found.iterations <= 2);
  CHECK(difference(x, truth) < 1e-9);
  std::fill(x.begin(), x.end(), 0.0);
  CHECK(minimize(linear, x, LevenbergMarquardt{}).iterations <= 4);
  CHECK(difference(x, truth) < 1e-7);
}

TEST_CASE("with fewer residuals than numbers, the steps are those of the normal equations") {
  const std::size_t n = 12, m = 5;
  const std::vector<double> X = normal_values(m * n, 3), y = normal_values(m, 4), from = normal_values(n, 5);
  std::vector<double> padded_X = X, padded_y = y;  // zeros make it n residuals
  padded_X.resize(n * n);
  padded_y.resize(n);
  Linear few(X, y), same(padded_X, padded_y);
  for (const bool geodesic : {false, true}) {
    for (const std::size_t iterations : {1U, 2U, 30U}) {
      std::vector<double> a = from, b = from;
      const LevenbergMarquardt solver{.geodesic = geodesic};
      const double loss = minimize(few, a, solver, {.iterations = iterations}).loss;
      minimize(same, b, solver, {.iterations = iterations});
      CHECK(difference(a, b) < 1e-8);
      if (iterations == 30) CHECK(loss < 1e-14);
    }
  }
  SincNet small(20, 30);
  std::vector<double> x = small.start(0);
  CHECK(minimize(small, x, LevenbergMarquardt{}).loss < 1e-12);
}

TEST_CASE("flat directions do not matter") {
  // the second and third column are the same, the fourth is 0
  const std::vector<double> X = {1, 2, 2, 0, 3, -1, -1, 0, 0, 4, 4, 0, 1, 1, 1, 0, 2, 0, 0, 0};
  Linear flat(X, {1, 2, 3, 4, 5});
  std::vector<double> x = {0, 0, 0, 7};
  const Minimum found = minimize(flat, x, LevenbergMarquardt{});
  CHECK(found.gradient < 1e-7);
  CHECK(std::abs(x[1] - x[2]) < 1e-6);
  CHECK(x[3] == 7);
}

TEST_CASE("geodesic acceleration fits a small net to sinc in 300 solves, to 1e-7") {
  SincNet net(20, 300);
  std::vector<double> x = net.start(0);
  const auto after = [&](const Iteration&) { return net.solves >= 300 || net.value(x) <= 1e-7; };
  CHECK(minimize(net, x, LevenbergMarquardt{}, {.after = after}).loss <= 1e-7);
  CHECK(net.solves <= 300);
}

TEST_CASE("Bayes on a linear model finds the fixed point of MacKay's evidence") {
  const std::size_t n = 8, m = 30;
  const std::vector<double> X = normal_values(m * n, 6), noise = normal_values(m, 7);
  std::vector<double> y(m), x(n, 0.1);
  for (std::size_t i = 0; i < m; ++i) y[i] = X[i * n] - 0.5 * X[i * n + 1] + 0.7 * noise[i];
  for (const double unit : {1.0, 1000.0}) {
    std::vector<double> scaled_X = X, scaled_y = y;
    for (double& value : scaled_X) value *= unit;
    for (double& value : scaled_y) value *= unit;
    Linear linear(scaled_X, scaled_y);
    double gamma = 0;
    const auto note = [&](const Iteration& iteration) {
      gamma = iteration.effective;
      return false;
    };
    LevenbergMarquardt solver = kBayes;
    solver.settled = 1e-12;
    std::fill(x.begin(), x.end(), 0.1);
    const Minimum found = minimize(linear, x, solver, {.after = note});
    CHECK(found.iterations < 200);
    // with c = alpha / beta, the gradient of F is 0, and gamma is that of the same c
    const double c = gamma * found.loss / (dot<double>(x, x) * (m - gamma));
    std::vector<double> A(n * n), g(n);
    linear.normal_equations(x, A, g);
    for (std::size_t p = 0; p < n; ++p) CHECK(std::abs(g[p] + c * x[p]) < 1e-6 * unit);
    Cholesky factors(n);
    REQUIRE(factors.factor(A, c));
    CHECK(gamma == doctest::Approx(n - c * factors.trace_of_inverse()).epsilon(1e-6));
    CHECK(gamma > 1);
    CHECK(gamma < 8);
  }
}

TEST_CASE("Bayes keeps a net of many units from following the noise") {
  for (const std::size_t points : {40U, 100U}) {  // fewer residuals than weights, and more
    SincNet noisy(20, points, 0.1);
    SincNet clean(20, points);
    std::vector<double> x = noisy.start(1), free = x;
    double gamma = 0;
    const auto note = [&](const Iteration& iteration) {
      gamma = iteration.effective;
      return false;
    };
    const Minimum found = minimize(noisy, x, kBayes, {.iterations = 100, .after = note});
    minimize(noisy, free, LevenbergMarquardt{}, {.iterations = 100});
    CHECK(gamma > 3);
    CHECK(gamma < 25);
    CHECK(found.loss > 0.004);  // the noise's variance is 0.01
    CHECK(found.loss < 0.02);
    CHECK(clean.value(x) < 0.5 * clean.value(free));
  }
}

TEST_CASE("where residuals are not finite, steps are rejected") {
  for (const double beyond : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    for (const bool geodesic : {false, true}) {
      Wall wall(beyond);
      std::vector<double> x = {0.1};
      const Minimum found = minimize(wall, x, {.geodesic = geodesic, .damping = 1e-9});
      CHECK(std::abs(x[0] - 1) < 1e-6);
      CHECK(found.evaluations > 2 * found.iterations + 1);
    }
  }
}

TEST_CASE("Levenberg-Marquardt says why it ended") {
  Valley valley;
  std::vector<double> x = {1, 1};
  Minimum found = minimize(valley, x, LevenbergMarquardt{});
  CHECK(found.ended == Ended::small_gradient);
  CHECK(found.iterations == 0);
  CHECK(found.evaluations == 1);

  x = {-1.2, 1};
  CHECK(minimize(valley, x, kPlain, {.iterations = 3}).ended == Ended::iterations);
  x = {-1.2, 1};
  CHECK(minimize(valley, x, kPlain, {.after = [](const Iteration&) { return true; }}).ended ==
        Ended::stopped);

  // no step gets below the rounding of a minimum that is not 0
  Linear apart({1, 1, 1}, {1, 2, 4});
  x = {0};
  found = minimize(apart, x, {.gradient_tolerance = 0});
  CHECK((found.ended == Ended::no_descent || found.ended == Ended::small_gradient));
  CHECK(x[0] == doctest::Approx(7.0 / 3));
  SincNet noisy(5, 60, 0.1);
  x = noisy.start(0);
  LevenbergMarquardt bayes = kBayes;
  bayes.gradient_tolerance = 0;
  CHECK(minimize(noisy, x, bayes).ended == Ended::small_decrease);
}

TEST_CASE("Levenberg-Marquardt resumes exactly from its memory") {
  for (const auto regularization : {LevenbergMarquardt::none, LevenbergMarquardt::bayes}) {
    for (const std::size_t points : {20U, 60U}) {
      const LevenbergMarquardt solver{.regularization = regularization};
      SincNet net(10, points, 0.1);
      std::vector<double> x = net.start(2), same = x;
      LevenbergMarquardtSteps steps(net, x, solver);
      for (int i = 0; i < 20; ++i) steps.iterate();
      LevenbergMarquardtSteps first(net, same, solver);
      for (int i = 0; i < 9; ++i) first.iterate();
      const SolverMemory<double> memory = first.memory();
      LevenbergMarquardtSteps second(net, same, solver, &memory);
      for (int i = 9; i < 20; ++i) second.iterate();
      CHECK(same == x);
      CHECK(second.loss() == steps.loss());
      CHECK(second.memory() == steps.memory());
    }
  }
}

TEST_CASE("an exception of a sum of squares leaves the last iteration") {
  class Throwing : public Valley {
   public:
    std::size_t left = 1000;

   protected:
    void errors(std::span<const double> x, std::span<double> e) override {
      if (left-- == 0) throw std::runtime_error("enough");
      Valley::errors(x, e);
    }
  };
  for (const std::size_t left : {0U, 1U}) {  // the trial throws, or the linearization there
    Throwing valley;
    std::vector<double> x = {-1.2, 1}, same = x;
    LevenbergMarquardtSteps steps(valley, x, kPlain), others(valley, same, kPlain);
    while (steps.iterate().evaluations != 2) others.iterate();
    others.iterate();
    valley.left = left;
    CHECK_THROWS_WITH_AS(steps.iterate(), "enough", std::runtime_error);
    CHECK(x == same);
    CHECK(steps.loss() == others.loss());
    valley.left = 1000;
    steps.iterate();
    others.iterate();
    CHECK(x == same);
  }
}

TEST_CASE("what Levenberg-Marquardt cannot minimize is refused") {
  Valley valley;
  std::vector<double> x = {-1.2, std::nan("")}, none;
  const auto check = [](const char* message, SumOfSquares& f, std::span<double> from,
                        const LevenbergMarquardt& solver) {
    CHECK_THROWS_WITH_AS(minimize(f, from, solver), message, ValueError);
  };
  check("f: expected a finite value and gradient at the start, got nan", valley, x, kPlain);
  check("x: expected at least one number, got none", valley, none, kPlain);
  check("damping: expected a number in (0, infinity), got 0", valley, x, {.damping = 0});
  std::vector<double> many(5001);
  check(
      "x: expected at most 5000 numbers, because Levenberg-Marquardt factors a matrix of as many rows, got "
      "5001",
      valley, many, kPlain);
  Linear empty({}, {});
  x = {1};
  check("f: expected at least one residual, got none", empty, x, kPlain);
  const SolverMemory<double> wrong{{1, 2}, {}};
  CHECK_THROWS_WITH_AS(LevenbergMarquardtSteps(valley, x, kPlain, &wrong),
                       "levenberg_marquardt: expected mu > 0, 2 numbers of at least 0 and no vectors, got 2 "
                       "numbers and 0 vectors",
                       ValueError);
}
