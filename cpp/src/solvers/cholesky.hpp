// Cholesky's factorization of symmetric matrices, in double and in a fixed order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fanin {

class Cholesky {
 public:
  explicit Cholesky(std::size_t n);

  // U'U = A + shift I, with the lower triangle of A (n x n, row-major). False unless it is positive definite.
  bool factor(std::span<const double> a, double shift);
  // b <- (U'U)^-1 b
  void solve(std::span<double> b) const;
  // tr (U'U)^-1
  double trace_of_inverse() const;

 private:
  double* row(std::size_t i) { return u_.data() + i * n_; }
  const double* row(std::size_t i) const { return u_.data() + i * n_; }
  void subtract_rows_above(std::size_t begin, std::size_t end);
  bool factor_rows(std::size_t begin, std::size_t end);

  const std::size_t n_;
  std::vector<double> u_;                 // row-major; its lower triangle is not used
  std::vector<double> product_, memory_;  // of subtract_rows_above
};

}  // namespace fanin
