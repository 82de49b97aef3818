#include "solvers/cholesky.hpp"

#include <algorithm>
#include <cmath>

#include "base/dot.hpp"
#include "base/registry.hpp"

namespace fanin {
namespace {

constexpr std::size_t kRowsAtOnce = 64;     // of U
constexpr std::size_t kColumnsAtOnce = 32;  // of the inverse of U'

// to <- to - factor from
void subtract(double* to, double factor, const double* from, std::size_t n) {
  kernels<double>().add_weighted(to, to, from, -factor, n);
}

}  // namespace

Cholesky::Cholesky(std::size_t n) : n_(n), u_(n * n) {
  if (n <= kRowsAtOnce) return;
  product_.resize(kRowsAtOnce * n);
  memory_.resize(Product<double>::kMemory);
}

bool Cholesky::factor(std::span<const double> a, double shift) {
  for (std::size_t from = 0; from < n_; from += kRowsAtOnce) {  // transposed in blocks, for the cache
    const std::size_t to = std::min(from + kRowsAtOnce, n_);
    for (std::size_t j = from; j < n_; ++j) {
      for (std::size_t i = from; i < std::min(to, j + 1); ++i) row(i)[j] = a[j * n_ + i];
    }
  }
  for (std::size_t i = 0; i < n_; ++i) row(i)[i] += shift;
  for (std::size_t begin = 0; begin < n_; begin += kRowsAtOnce) {
    const std::size_t end = std::min(begin + kRowsAtOnce, n_);
    if (begin > 0) subtract_rows_above(begin, end);
    if (!factor_rows(begin, end)) return false;
  }
  return true;
}

// U_ij <- U_ij - sum over p < begin of U_pi U_pj
void Cholesky::subtract_rows_above(std::size_t begin, std::size_t end) {
  const std::size_t rows = end - begin, columns = n_ - begin;
  const auto stride = static_cast<std::ptrdiff_t>(n_);
  const Product<double> product{product_.data(),
                                static_cast<std::ptrdiff_t>(columns),
                                {u_.data() + begin, 1, stride},
                                {u_.data() + begin, stride, 1},
                                columns,
                                begin,
                                nullptr,
                                Product<double>::kNone};
  kernels<double>().product(product, {0, (columns + kPanel<double> - 1) / kPanel<double>}, {0, rows},
                            memory_.data());
  for (std::size_t i = 0; i < rows; ++i) {
    const double* const of_row = product_.data() + i * columns;
    double* const to = row(begin + i) + begin;
    for (std::size_t j = i; j < columns; ++j) to[j] -= of_row[j];
  }
}

bool Cholesky::factor_rows(std::size_t begin, std::size_t end) {
  for (std::size_t k = begin; k < end; ++k) {
    double* const of_k = row(k);
    if (!(of_k[k] > 0) || std::isinf(of_k[k])) return false;
    const double root = std::sqrt(of_k[k]);
    of_k[k] = root;
    for (std::size_t j = k + 1; j < n_; ++j) of_k[j] /= root;
    for (std::size_t i = k + 1; i < end; ++i) subtract(row(i) + i, of_k[i], of_k + i, n_ - i);
  }
  return true;
}

void Cholesky::solve(std::span<double> b) const {
  for (std::size_t k = 0; k < n_; ++k) {
    b[k] /= row(k)[k];
    subtract(b.data() + k + 1, b[k], row(k) + k + 1, n_ - k - 1);
  }
  for (std::size_t k = n_; k-- > 0;) {
    const std::span<const double> of_k(row(k) + k + 1, n_ - k - 1);
    b[k] = (b[k] - dot<double>(of_k, b.subspan(k + 1))) / row(k)[k];
  }
}

// The squares of the elements of U'^-1, whose columns solve U'y = e, a few at a time
double Cholesky::trace_of_inverse() const {
  std::vector<double> y(n_ * kColumnsAtOnce);
  double trace = 0;
  for (std::size_t from = 0; from < n_; from += kColumnsAtOnce) {
    const std::size_t columns = std::min(kColumnsAtOnce, n_ - from);
    for (std::size_t k = from; k < n_; ++k) {
      double* const of_k = y.data() + k * kColumnsAtOnce;
      std::fill_n(of_k, columns, 0.0);
      if (k - from < columns) of_k[k - from] = 1;
      for (std::size_t p = from; p < k; ++p)
        subtract(of_k, row(p)[k], y.data() + p * kColumnsAtOnce, columns);
      for (std::size_t j = 0; j < columns; ++j) of_k[j] /= row(k)[k];
      trace += dot<double>({of_k, columns}, {of_k, columns});
    }
  }
  return trace;
}

}  // namespace fanin
