// Sums of squares for testing Levenberg-Marquardt.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/dot.hpp"
#include "base/random.hpp"
#include "fanin/minimize.hpp"

namespace fanin::test {

inline std::vector<double> normal_values(std::size_t n, std::uint64_t stream) {
  std::vector<double> values(n);
  Philox(1, stream).normal(values.data(), 0, n);
  return values;
}

inline double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// One given by its Jacobian
class ByJacobian : public SumOfSquares {
 public:
  double value(std::span<const double> x) override {
    std::vector<double> e(residuals());
    errors(x, e);
    return dot<double>(e, e);
  }
  double normal_equations(std::span<const double> x, std::span<double> A, std::span<double> g) override {
    std::vector<double> J(residuals() * x.size()), e(residuals());
    const double loss = jacobian(x, J, e);
    std::fill(A.begin(), A.end(), 0.0);
    std::fill(g.begin(), g.end(), 0.0);
    for (std::size_t i = 0; i < e.size(); ++i) {
      const double* const row = J.data() + i * x.size();
      for (std::size_t p = 0; p < x.size(); ++p) {
        for (std::size_t q = 0; q <= p; ++q) A[p * x.size() + q] += row[p] * row[q];
        g[p] += e[i] * row[p];
      }
    }
    return loss;
  }
  double jacobian(std::span<const double> x, std::span<double> J, std::span<double> e) override {
    errors(x, e);
    derivatives(x, J);
    at_.assign(x.begin(), x.end());
    return dot<double>(e, e);
  }
  bool acceleration(std::span<const double> v, std::span<double> out) override {
    ++solves;
    std::vector<double> f(residuals()), J(residuals() * v.size());
    if (!second(at_, v, f)) return false;
    derivatives(at_, J);
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t i = 0; i < f.size(); ++i) {
      for (std::size_t p = 0; p < v.size(); ++p) out[p] += f[i] * J[i * v.size() + p];
    }
    return true;
  }

  std::size_t solves = 0;  // with geodesic acceleration

 protected:
  virtual void errors(std::span<const double> x, std::span<double> e) = 0;
  virtual void derivatives(std::span<const double> x, std::span<double> J) = 0;
  virtual bool second(std::span<const double>, std::span<const double>, std::span<double>) { return false; }

 private:
  std::vector<double> at_;
};

// e = X x - y
class Linear : public ByJacobian {
 public:
  Linear(std::vector<double> X, std::vector<double> y) : X_(std::move(X)), y_(std::move(y)) {}
  std::size_t residuals() const override { return y_.size(); }

 protected:
  void errors(std::span<const double> x, std::span<double> e) override {
    for (std::size_t i = 0; i < y_.size(); ++i) {
      e[i] = dot<double>(std::span(X_).subspan(i * x.size(), x.size()), x) - y_[i];
    }
  }
  void derivatives(std::span<const double>, std::span<double> J) override {
    std::ranges::copy(X_, J.begin());
  }
  bool second(std::span<const double>, std::span<const double>, std::span<double> f) override {
    std::ranges::fill(f, 0.0);
    return true;
  }

 private:
  std::vector<double> X_, y_;
};

// Rosenbrock's valley, minimum 0 at (1, 1)
class Valley : public ByJacobian {
 public:
  std::size_t residuals() const override { return 2; }

 protected:
  void errors(std::span<const double> x, std::span<double> e) override {
    e[0] = 10 * (x[1] - x[0] * x[0]);
    e[1] = 1 - x[0];
  }
  void derivatives(std::span<const double> x, std::span<double> J) override {
    J[0] = -20 * x[0];
    J[1] = 10;
    J[2] = -1;
    J[3] = 0;
  }
  bool second(std::span<const double>, std::span<const double> v, std::span<double> f) override {
    f[0] = -20 * v[0] * v[0];
    f[1] = 0;
    return true;
  }
};

// The mean squared error of a net 1-units-1 with tanh, for sinc(10 t) on [-1, 1] and noise
class SincNet : public ByJacobian {
 public:
  SincNet(std::size_t units, std::size_t points, double noise = 0, std::uint64_t stream = 0)
      : n_(units), t_(points), y_(points) {
    Philox(5, stream).normal(y_.data(), 0, points);
    for (std::size_t i = 0; i < points; ++i) {
      t_[i] = 2 * static_cast<double>(i) / static_cast<double>(points - 1) - 1;
      y_[i] = noise * y_[i] + (t_[i] == 0 ? 1 : std::sin(10 * t_[i]) / (10 * t_[i]));
    }
  }
  std::size_t residuals() const override { return t_.size(); }
  std::size_t size() const { return 3 * n_ + 1; }
  // Weights into the units, their biases, weights out of them, the last bias; scaled by fan-in
  std::vector<double> start(std::uint64_t seed) const {
    std::vector<double> x(size());
    Philox(seed, 0).normal(x.data(), 0, x.size());
    for (std::size_t j = 0; j < n_; ++j) {
      x[n_ + j] = 0;
      x[2 * n_ + j] /= std::sqrt(static_cast<double>(n_));
    }
    x.back() = 0;
    return x;
  }

 protected:
  void errors(std::span<const double> x, std::span<double> e) override {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      e[i] = x[3 * n_] - y_[i];
      for (std::size_t j = 0; j < n_; ++j) e[i] += x[2 * n_ + j] * std::tanh(x[j] * t_[i] + x[n_ + j]);
      e[i] *= scale();
    }
  }
  void derivatives(std::span<const double> x, std::span<double> J) override {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      double* const row = J.data() + i * size();
      for (std::size_t j = 0; j < n_; ++j) {
        const double a = std::tanh(x[j] * t_[i] + x[n_ + j]);
        row[n_ + j] = scale() * x[2 * n_ + j] * (1 - a * a);
        row[j] = row[n_ + j] * t_[i];
        row[2 * n_ + j] = scale() * a;
      }
      row[3 * n_] = scale();
    }
  }
  bool second(std::span<const double> x, std::span<const double> v, std::span<double> f) override {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      f[i] = 0;
      for (std::size_t j = 0; j < n_; ++j) {
        const double a = std::tanh(x[j] * t_[i] + x[n_ + j]), slope = 1 - a * a,
                     dz = v[j] * t_[i] + v[n_ + j];
        f[i] += 2 * slope * dz * (v[2 * n_ + j] - x[2 * n_ + j] * a * dz);
      }
      f[i] *= scale();
    }
    return true;
  }

 private:
  double scale() const { return 1 / std::sqrt(static_cast<double>(t_.size())); }
  const std::size_t n_;
  std::vector<double> t_, y_;
};

}  // namespace fanin::test
