#include <doctest/doctest.h>

#include <limits>

#include "solvers/cholesky.hpp"
#include "sums_of_squares.hpp"

using namespace fanin;
using namespace fanin::test;

TEST_CASE("Cholesky's factors solve systems of any size, and give the trace of the inverse") {
  for (const std::size_t n : {1U, 2U, 7U, 63U, 64U, 65U, 130U, 200U}) {
    const std::vector<double> X = normal_values(n * (n + 3), n), x = normal_values(n, 1000 + n);
    std::vector<double> A(n * n, std::nan("")), b(n), e(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const double product =
            dot<double>(std::span(X).subspan(i * (n + 3), n + 3), std::span(X).subspan(j * (n + 3), n + 3));
        if (j <= i) A[i * n + j] = product;
        b[i] += (product + (i == j ? 0.5 : 0)) * x[j];
      }
    }
    Cholesky factors(n);
    REQUIRE(factors.factor(A, 0.5));
    factors.solve(b);
    CHECK(difference(b, x) < 1e-9);
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::fill(e.begin(), e.end(), 0.0);
      e[i] = 1;
      factors.solve(e);
      trace += e[i];
    }
    CHECK(factors.trace_of_inverse() == doctest::Approx(trace).epsilon(1e-10));
  }
}

TEST_CASE("a matrix that is not positive definite has no Cholesky factors") {
  Cholesky factors(2);
  CHECK_FALSE(factors.factor(std::vector<double>{1, 0, 2, 1}, 0));
  CHECK_FALSE(factors.factor(std::vector<double>{std::nan(""), 0, 0, 1}, 0));
  CHECK_FALSE(factors.factor(std::vector<double>{1, 0, 0, std::numeric_limits<double>::infinity()}, 0));
}
