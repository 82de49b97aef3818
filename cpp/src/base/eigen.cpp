#include "base/eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "fanin/eigen.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

constexpr std::size_t kMostByJacobi = 512;
constexpr int kMostSweeps = 60;  // about 10 are needed

// x <- c x - s y,  y <- s x + c y
void rotate(double* x, double* y, std::size_t n, std::size_t stride, double c, double s) {
  for (std::size_t i = 0; i < n * stride; i += stride) {
    const double of_x = x[i], of_y = y[i];
    x[i] = c * of_x - s * of_y;
    y[i] = s * of_x + c * of_y;
  }
}

// Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5): each makes one element 0, until
// all others are negligible beside the diagonal.
void solve_by_jacobi(std::size_t n, double* a, double* values) {
  if (n > kMostByJacobi) {
    throw ValueError(
        "eigenvectors of more than 512 columns need a solver of the caller's "
        "(set_eigen_solver), got " +
        std::to_string(n) + " columns");
  }
  std::vector<double> vectors(n * n);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < kMostSweeps; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        const double of_pq = a[p * n + q], of_p = a[p * n + p], of_q = a[q * n + q];
        const double negligible =
            0.5 * std::numeric_limits<double>::epsilon() * std::min(std::abs(of_p), std::abs(of_q));
        if (std::abs(of_pq) <= negligible || std::abs(of_pq) < std::numeric_limits<double>::min()) continue;
        rotated = true;
        const double cot = (of_q - of_p) / (2 * of_pq);
        const double far =
            std::abs(cot) > 1e150 ? 2 * std::abs(cot) : std::abs(cot) + std::sqrt(1 + cot * cot);
        const double t = (cot < 0 ? -1 : 1) / far, c = 1 / std::sqrt(1 + t * t), s = t * c;
        rotate(a + p, a + q, n, n, c, s);
        rotate(a + p * n, a + q * n, n, 1, c, s);
        rotate(vectors.data() + p * n, vectors.data() + q * n, n, 1, c, s);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) values[i] = a[i * n + i];
  std::copy(vectors.begin(), vectors.end(), a);
}

EigenSolver& eigen_solver() {
  static EigenSolver solver;
  return solver;
}

}  // namespace

void set_eigen_solver(EigenSolver solver) { eigen_solver() = std::move(solver); }

void solve_eigen(std::size_t n, double* matrix, double* values) {
  const EigenSolver& solver = eigen_solver();
  solver ? solver(n, matrix, values) : solve_by_jacobi(n, matrix, values);
}

}  // namespace fanin
