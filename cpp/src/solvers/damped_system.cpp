#include "solvers/damped_system.hpp"

#include <algorithm>
#include <vector>

#include "base/dot.hpp"
#include "base/registry.hpp"
#include "solvers/cholesky.hpp"

namespace fanin {
namespace {

// to <- to + factor from
void add_row(std::span<double> to, double factor, std::span<const double> from) {
  kernels<double>().add_weighted(to.data(), to.data(), from.data(), factor, to.size());
}

class NormalSystem final : public DampedSystem {
 public:
  NormalSystem(SumOfSquares& f, std::size_t n) : f_(f), n_(n), a_(n * n), g_(n), factors_(n) {}

  double linearize(std::span<const double> x, std::span<double> g) override {
    const double loss = f_.normal_equations(x, a_, g_);
    std::copy(g_.begin(), g_.end(), g.begin());
    return loss;
  }
  double largest_diagonal() const override {
    double largest = 0;
    for (std::size_t i = 0; i < n_; ++i) largest = std::max(largest, a_[i * n_ + i]);
    return largest;
  }
  bool factor(double shift) override {
    shift_ = shift;
    return factors_.factor(a_, shift);
  }
  void step(std::span<double> v, double c, std::span<const double> x) override {
    for (std::size_t i = 0; i < n_; ++i) v[i] = -(g_[i] + c * x[i]);
    factors_.solve(v);
  }
  void solve(std::span<double> b) override { factors_.solve(b); }
  double effective() const override { return static_cast<double>(n_) - shift_ * factors_.trace_of_inverse(); }

 private:
  SumOfSquares& f_;
  const std::size_t n_;
  std::vector<double> a_, g_;
  Cholesky factors_;
  double shift_ = 0;
};

// By K = JJ', of m < n rows: (J'J + s I)^-1 J' = J' (K + s I)^-1, (J'J + s I)^-1 = (I - J' (K + s I)^-1 J) /
// s
class ResidualSystem final : public DampedSystem {
 public:
  ResidualSystem(SumOfSquares& f, std::size_t n)
      : f_(f),
        n_(n),
        m_(f.residuals()),
        j_(m_ * n),
        e_(m_),
        k_(m_ * m_),
        of_rows_(m_),
        rest_(n),
        change_(n),
        factors_(m_) {}

  double linearize(std::span<const double> x, std::span<double> g) override {
    const double loss = f_.jacobian(x, j_, e_);
    transposed_times(e_, g);
    for (std::size_t i = 0; i < m_; ++i) {
      for (std::size_t p = 0; p <= i; ++p) k_[i * m_ + p] = dot<double>(row(i), row(p));
    }
    return loss;
  }
  double largest_diagonal() const override {
    std::vector<double> squares(n_);
    for (std::size_t i = 0; i < m_; ++i) {
      for (std::size_t p = 0; p < n_; ++p) squares[p] += row(i)[p] * row(i)[p];
    }
    return *std::max_element(squares.begin(), squares.end());
  }
  bool factor(double shift) override {
    shift_ = shift;
    return factors_.factor(k_, shift);
  }
  // -J' (K + s I)^-1 (e - c/s J x) - c/s x
  void step(std::span<double> v, double c, std::span<const double> x) override {
    const double share = c / shift_;
    for (std::size_t i = 0; i < m_; ++i) of_rows_[i] = share * dot<double>(row(i), x) - e_[i];
    factors_.solve(of_rows_);
    transposed_times(of_rows_, v);
    for (std::size_t p = 0; p < n_; ++p) v[p] -= share * x[p];
  }
  // Once more for the residual, since the difference above loses digits where s is small
  void solve(std::span<double> b) override {
    std::copy(b.begin(), b.end(), rest_.begin());
    solve_once(b);
    for (std::size_t i = 0; i < m_; ++i) of_rows_[i] = -dot<double>(row(i), b);
    transposed_times(of_rows_, change_);
    for (std::size_t p = 0; p < n_; ++p) change_[p] += rest_[p] - shift_ * b[p];
    solve_once(change_);
    add_row(b, 1, change_);
  }
  double effective() const override { return static_cast<double>(m_) - shift_ * factors_.trace_of_inverse(); }

 private:
  std::span<const double> row(std::size_t i) const { return {j_.data() + i * n_, n_}; }
  // out = J'r
  void transposed_times(std::span<const double> r, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t i = 0; i < m_; ++i) add_row(out, r[i], row(i));
  }
  void solve_once(std::span<double> b) {
    for (std::size_t i = 0; i < m_; ++i) of_rows_[i] = -dot<double>(row(i), b);
    factors_.solve(of_rows_);
    for (std::size_t i = 0; i < m_; ++i) add_row(b, of_rows_[i], row(i));
    for (double& value : b) value /= shift_;
  }

  SumOfSquares& f_;
  const std::size_t n_, m_;
  std::vector<double> j_, e_, k_, of_rows_, rest_, change_;
  Cholesky factors_;
  double shift_ = 0;
};

}  // namespace

std::unique_ptr<DampedSystem> damped_system(SumOfSquares& f, std::size_t n) {
  if (f.residuals() < n) return std::make_unique<ResidualSystem>(f, n);
  return std::make_unique<NormalSystem>(f, n);
}

}  // namespace fanin
