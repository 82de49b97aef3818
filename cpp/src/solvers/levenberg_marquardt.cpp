#include "solvers/levenberg_marquardt.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/dot.hpp"
#include "base/field_check.hpp"
#include "solvers/run.hpp"
#include "solvers/start.hpp"

namespace fanin {
namespace {

constexpr double kMostAcceleration = 0.75;  // 2|a| / |v|

std::size_t checked_size(const SumOfSquares& f, std::size_t n) {
  check_not_empty(n);
  if (n > LevenbergMarquardt::most) {
    throw ValueError("x: expected at most " + std::to_string(LevenbergMarquardt::most) +
                     " numbers, because Levenberg-Marquardt factors a matrix of as many rows, got " +
                     std::to_string(n));
  }
  if (f.residuals() == 0) throw ValueError("f: expected at least one residual, got none");
  return n;
}

}  // namespace

LevenbergMarquardtSteps::LevenbergMarquardtSteps(SumOfSquares& f, std::span<double> x,
                                                 const LevenbergMarquardt& solver,
                                                 const SolverMemory<double>* memory)
    : f_(f),
      solver_(solver),
      x_(x),
      system_(damped_system(f, checked_size(f, x.size()))),
      g_(x.size()),
      h_(x.size()),
      v_(x.size()),
      a_(x.size()),
      trial_(x.size()),
      at_{0, 0, static_cast<double>(std::min(x.size(), f.residuals() - 1))} {
  if (memory != nullptr) {
    check(memory->numbers, memory->vectors.size());
    at_ = {memory->numbers[0], memory->numbers[1], memory->numbers[2]};
  }
  loss_ = linearize(x_);
  linear_at_x_ = true;
  look_at_gradient();
  check_start(loss_, largest_);
  if (memory == nullptr) {
    at_.mu = std::max(solver.damping * system_->largest_diagonal(), std::numeric_limits<double>::min());
  }
}

void LevenbergMarquardtSteps::check(const std::vector<double>& numbers, std::size_t vectors) {
  const bool right = numbers.size() == 3 && vectors == 0 && numbers[0] > 0 &&
                     std::ranges::all_of(numbers, [](double x) { return x >= 0 && std::isfinite(x); });
  if (right) return;
  throw ValueError("levenberg_marquardt: expected mu > 0, 2 numbers of at least 0 and no vectors, got " +
                   std::to_string(numbers.size()) + " numbers and " + std::to_string(vectors) + " vectors");
}

double LevenbergMarquardtSteps::linearize(std::span<const double> x) {
  ++evaluations_;
  return system_->linearize(x, g_);
}

double LevenbergMarquardtSteps::penalty(std::span<const double> x) const {
  return at_.c == 0 ? 0 : at_.c * dot<double>(x, x);
}

void LevenbergMarquardtSteps::look_at_gradient() {
  for (std::size_t i = 0; i < x_.size(); ++i) h_[i] = g_[i] + at_.c * x_[i];
  largest_ = 2 * largest_size<double>(h_);
  if (largest_ <= solver_.gradient_tolerance) ended_ = Ended::small_gradient;
}

Iteration LevenbergMarquardtSteps::iterate() {
  const std::size_t before = evaluations_;
  double step = 0;
  if (!ended_ && find_step()) {
    step = 1;
  } else if (!ended_) {
    ended_ = Ended::no_descent;
  }
  const bool bayes = solver_.regularization == LevenbergMarquardt::bayes;
  return {++iterations_, loss_, largest_, step, evaluations_ - before, at_.mu, bayes ? at_.gamma : 0};
}

bool LevenbergMarquardtSteps::find_step() {
  for (double mu = at_.mu, nu = 2;; mu *= nu, nu *= 2) {
    if (!linear_at_x_) {
      linearize(x_);
      linear_at_x_ = true;
    }
    const double most = solver_.largest_damping * std::max(1.0, system_->largest_diagonal());
    if (mu > most || std::isinf(mu)) return false;
    if (find_trial(mu) && try_it(mu)) return true;
  }
}

// x + v + a/2, unless it is rejected at once
bool LevenbergMarquardtSteps::find_trial(double mu) {
  if (!system_->factor(mu + at_.c)) return false;
  system_->step(v_, at_.c, x_);
  std::ranges::fill(a_, 0.0);
  if (solver_.geodesic && f_.acceleration(v_, a_)) {
    system_->solve(a_);  // -a
    const double ratio = 2 * std::sqrt(dot<double>(a_, a_) / dot<double>(v_, v_));
    if (!(ratio <= kMostAcceleration)) return false;
  }
  for (std::size_t i = 0; i < x_.size(); ++i) trial_[i] = x_[i] + v_[i] - a_[i] / 2;
  return true;
}

// Moves x to the trial if F is lower there
bool LevenbergMarquardtSteps::try_it(double mu) {
  ++evaluations_;
  const double before = loss_ + penalty(x_), after = f_.value(trial_) + penalty(trial_);
  const double rho = (before - after) / (mu * dot<double>(v_, v_) - dot<double>(v_, h_));
  if (!(rho > 0) || std::isinf(rho)) return false;
  linear_at_x_ = false;
  const double loss = linearize(trial_);
  if (!std::isfinite(loss) || !std::isfinite(largest_size<double>(g_))) return false;
  linear_at_x_ = true;
  std::ranges::copy(trial_, x_.begin());
  loss_ = loss;
  const double off = 2 * rho - 1;
  at_.mu = std::max(mu * std::max(1.0 / 3, 1 - off * off * off), std::numeric_limits<double>::min());
  if (solver_.regularization == LevenbergMarquardt::bayes) weigh(before - after, before);
  look_at_gradient();
  return true;
}

// Chooses the next c, after a step that lowered F by `decrease`. The first gamma is at most N / 2: from N -
// 1, c is so large that nets with fewer residuals than weights go to 0 and stay there.
void LevenbergMarquardtSteps::weigh(double decrease, double before) {
  const double n = static_cast<double>(x_.size()), residuals = static_cast<double>(f_.residuals());
  const double effective = at_.c == 0               ? std::min(n, residuals / 2)
                           : system_->factor(at_.c) ? system_->effective()
                                                    : at_.gamma;
  at_.gamma = std::clamp(effective, 0.0, std::min(n, residuals - 1));
  const double c = at_.gamma * loss_ / (dot<double>(x_, x_) * (residuals - at_.gamma)), last = at_.c;
  if (!(c > 0) || std::isinf(c)) return;
  at_.c = c;
  const bool settled = decrease <= solver_.settled * before && std::abs(c - last) <= solver_.settled * c;
  if (settled) ended_ = Ended::small_decrease;
}

Minimum minimize(SumOfSquares& f, std::span<double> x, const LevenbergMarquardt& solver,
                 const MinimizeOptions& options) {
  check_entry(solver);
  LevenbergMarquardtSteps steps(f, x, solver);
  return run(steps, options);
}

}  // namespace fanin
