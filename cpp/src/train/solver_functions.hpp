// The loss over a data set, in the forms that solvers take. A call ends with StoppedByCaller if `stopped` is
// true after it.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "fanin/minimize.hpp"
#include "fanin/objective.hpp"

namespace fanin {

// Thrown by the function that a solver minimizes
struct StoppedByCaller {};

template <class T>
double value_of(const Objective<T>& objective, const bool& stopped, std::span<const T> x,
                std::span<T> gradient) {
  const double value = gradient.empty() ? objective.loss(x) : objective.loss_and_gradient(x, gradient);
  if (stopped) throw StoppedByCaller{};
  return value;
}

// E, the mean loss and its penalty, as a sum of squares: J'J is half of Gauss and Newton's matrix, J'e half
// of the gradient. For other losses than squared_error, E is that sum to second order only.
class LossAsSquares final : public SumOfSquares {
 public:
  LossAsSquares(const Objective<double>& objective, const bool& stopped, bool penalized, bool linear)
      : objective_(objective), stopped_(stopped), penalized_(penalized), linear_(linear) {}

  // Each weight under a penalty is a residual.
  std::size_t residuals() const override {
    return objective_.rows() * objective_.outputs() + (penalized_ ? objective_.size() : 0);
  }
  double value(std::span<const double> x) override { return value_of(objective_, stopped_, x, {}); }
  double normal_equations(std::span<const double> x, std::span<double> A, std::span<double> g) override {
    const double loss = value_of(objective_, stopped_, x, g);
    objective_.gauss_newton(x, A);
    halve(A);
    halve(g);
    return arrived(x, loss);
  }
  double jacobian(std::span<const double> x, std::span<double> J, std::span<double> e) override {
    const double loss = value_of(objective_, stopped_, x, {});
    objective_.root_jacobian(x, J, e);
    for (double& element : J) element *= kRootOfHalf;
    for (double& element : e) element *= kRootOfHalf;
    return arrived(x, loss);
  }
  bool acceleration(std::span<const double> v, std::span<double> out) override {
    if (!linear_) return false;
    objective_.acceleration(x_, v, out);
    halve(out);
    if (stopped_) throw StoppedByCaller{};
    return true;
  }

 private:
  static constexpr double kRootOfHalf = 0.7071067811865476;

  static void halve(std::span<double> all) {
    for (double& element : all) element *= 0.5;
  }
  double arrived(std::span<const double> x, double loss) {
    if (stopped_) throw StoppedByCaller{};
    x_.assign(x.begin(), x.end());
    return loss;
  }

  const Objective<double>& objective_;
  const bool& stopped_;
  const bool penalized_, linear_;  // whether the gradient of the loss is linear in the output
  std::vector<double> x_;
};

// E, with Gauss and Newton's matrix of a fixed sample of the rows
template <class T>
class CurvedLoss final : public CurvedFunction<T> {
 public:
  CurvedLoss(const Objective<T>& objective, const Objective<T>& sample, const bool& stopped)
      : objective_(objective), sample_(sample), stopped_(stopped) {}

  double value(std::span<const T> x) override { return value_of(objective_, stopped_, x, std::span<T>{}); }
  double gradient(std::span<const T> x, std::span<T> g) override {
    x_.assign(x.begin(), x.end());
    return value_of(objective_, stopped_, x, g);
  }
  void product(std::span<const T> v, std::span<T> out) override {
    sample_.gauss_newton_product(x_, v, out);
    if (stopped_) throw StoppedByCaller{};
  }
  void squares(std::span<T> out) override {
    sample_.squares(x_, out);
    if (stopped_) throw StoppedByCaller{};
  }

 private:
  const Objective<T>&objective_, &sample_;
  const bool& stopped_;
  std::vector<T> x_;
};

// A share of the rows, in ascending order
inline std::vector<std::uint32_t> sample_of_rows(std::size_t rows, double share, std::uint64_t seed) {
  constexpr std::uint64_t stream = 0x48463130;
  const auto count =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(share * static_cast<double>(rows))));
  const Philox random(seed, stream);
  std::vector<std::uint32_t> all(rows);
  for (std::size_t i = 0; i < rows; ++i) all[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + random.bits(i) % (rows - i)]);
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace fanin
