#include "solvers/hessian_free.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/dot.hpp"
#include "base/field_check.hpp"
#include "solvers/inner_solve.hpp"
#include "solvers/line_search.hpp"
#include "solvers/run.hpp"
#include "solvers/start.hpp"

namespace fanin {
namespace {

constexpr double kOfLast = 0.95, kSpacing = 1.3;  // of the start, and of the iterates kept
constexpr double kArmijo = 1e-2, kShorter = 0.8;
constexpr int kMostLengths = 60;
constexpr double kLeastDamping = 1e-20;

}  // namespace

template <class T>
HessianFreeSteps<T>::HessianFreeSteps(CurvedFunction<T>& f, std::span<T> x, const HessianFree& solver,
                                      const SolverMemory<T>* memory)
    : f_(f), solver_(solver), x_(x), g_(x.size()), trial_(x.size()), at_{solver.damping, {}} {
  check_not_empty(x.size());
  if (memory != nullptr) {
    check(*memory, x.size());
    at_ = {memory->numbers[0], memory->vectors.empty() ? std::vector<T>{} : memory->vectors[0]};
  }
  loss_ = gradient_at(x_);
  gradient_at_x_ = true;
  largest_ = largest_size<T>(g_);
  check_start(loss_, largest_);
  if (largest_ <= solver_.gradient_tolerance) ended_ = Ended::small_gradient;
}

template <class T>
void HessianFreeSteps<T>::check(const SolverMemory<T>& memory, std::size_t n) {
  const auto& [numbers, vectors] = memory;
  const bool right = numbers.size() == 1 && numbers[0] > 0 && std::isfinite(numbers[0]) &&
                     vectors.size() <= 1 && (vectors.empty() || vectors[0].size() == n);
  if (right) return;
  throw ValueError("hessian_free: expected lambda > 0 and at most 1 vector, got " +
                   std::to_string(numbers.size()) + " numbers and " + std::to_string(vectors.size()) +
                   " vectors");
}

template <class T>
SolverMemory<T> HessianFreeSteps<T>::memory() const {
  SolverMemory<T> memory{{at_.lambda}, {}};
  if (!at_.last.empty()) memory.vectors.push_back(at_.last);
  return memory;
}

template <class T>
double HessianFreeSteps<T>::gradient_at(std::span<const T> x) {
  ++evaluations_;
  return f_.gradient(x, g_);
}

template <class T>
double HessianFreeSteps<T>::value_along(std::span<const T> d, double length) {
  add_scaled<T>(x_, length, d, trial_);
  ++evaluations_;
  return f_.value(trial_);
}

template <class T>
Iteration HessianFreeSteps<T>::iterate() {
  const std::size_t before = evaluations_;
  double length = 0;
  if (!ended_) {
    Next next = at_;
    length = find_step(next);
    if (length > 0) {
      at_ = std::move(next);
    } else {
      ended_ = Ended::no_descent;
    }
  }
  return {++iterations_, loss_, largest_, length, evaluations_ - before, at_.lambda};
}

// Moves x and returns the length of the step; 0 if no step lowers f, even without the last solution
template <class T>
double HessianFreeSteps<T>::find_step(Next& next) {
  for (;;) {
    if (!gradient_at_x_) {
      gradient_at(x_);
      gradient_at_x_ = true;
    }
    const bool warm = !next.last.empty();
    solve(next);
    if (!candidates_.empty()) {
      std::size_t best = candidates_.size() - 1;
      const double value = go_back(best);
      const Candidate& found = candidates_[best];
      const double slope = dot<T>(g_, found.d), rho = (value - loss_) / found.quadratic;
      if (std::isfinite(rho) && rho > 0.75) {
        next.lambda = std::max(next.lambda * 2 / 3, kLeastDamping);
      } else if (!(rho >= 0.25)) {
        next.lambda *= 1.5;
      }
      const double length = slope < 0 ? search(found.d, value, slope) : 0;
      if (length > 0) return length;
    }
    if (!warm) return 0;
    next.last.clear();
  }
}

// Fills candidates_
template <class T>
void HessianFreeSteps<T>::solve(Next& next) {
  candidates_.clear();
  std::vector<T> start = next.last;
  start.resize(x_.size());
  for (T& value : start) value *= static_cast<T>(kOfLast);
  InnerSolve<T> inner(f_, g_, next.lambda, std::move(start));
  std::vector<double> q = {inner.q()};
  double due = 1;
  const auto keep = [&] {
    candidates_.push_back({inner.d(), inner.q() - next.lambda / 2 * dot<T>(inner.d(), inner.d())});
  };
  std::size_t kept = 0, i = 0;
  while (i < solver_.cg_iterations && inner.step()) {
    q.push_back(inner.q());
    ++i;
    if (static_cast<double>(i) >= due) {
      keep();
      kept = i;
      while (due <= static_cast<double>(i)) due *= kSpacing;
    }
    const std::size_t k = std::max<std::size_t>(10, i / 10);
    if (i > k && q[i] < 0 && (q[i] - q[i - k]) / q[i] < static_cast<double>(k) * solver_.cg_tolerance) break;
  }
  if (kept < i && std::isfinite(inner.q())) keep();
  next.last = std::isfinite(inner.q()) ? inner.d() : std::vector<T>{};
}

// From the last candidate back while f falls
template <class T>
double HessianFreeSteps<T>::go_back(std::size_t& best) {
  double value = value_along(candidates_[best].d, 1);
  while (best > 0) {
    const double earlier = value_along(candidates_[best - 1].d, 1);
    if (std::isfinite(value) && !(earlier < value)) break;
    value = earlier;
    --best;
  }
  return value;
}

// By Armijo's condition, from length 1 with the value there
template <class T>
double HessianFreeSteps<T>::search(std::span<const T> d, double value, double slope) {
  double length = 1;
  for (int i = 0; i < kMostLengths; ++i, length *= kShorter) {
    if (i > 0) value = value_along(d, length);
    if (!std::isfinite(value) || !(value <= loss_ + kArmijo * length * slope)) continue;
    add_scaled<T>(x_, length, d, trial_);
    gradient_at_x_ = false;
    const double loss = gradient_at(trial_), largest = largest_size<T>(g_);
    if (!std::isfinite(loss) || !std::isfinite(largest)) continue;
    gradient_at_x_ = true;
    take_step(loss, largest);
    return length;
  }
  return 0;
}

template <class T>
void HessianFreeSteps<T>::take_step(double loss, double largest) {
  const double before = loss_;
  std::ranges::copy(trial_, x_.begin());
  loss_ = loss;
  largest_ = largest;
  if (largest_ <= solver_.gradient_tolerance) {
    ended_ = Ended::small_gradient;
  } else if (before - loss_ <= solver_.loss_tolerance * std::max({std::abs(before), std::abs(loss_), 1.0})) {
    ended_ = Ended::small_decrease;
  }
}

template <class T>
Minimum minimize(CurvedFunction<T>& f, std::span<T> x, const HessianFree& solver,
                 const MinimizeOptions& options) {
  check_entry(solver);
  HessianFreeSteps<T> steps(f, x, solver);
  return run(steps, options);
}

template class HessianFreeSteps<float>;
template class HessianFreeSteps<double>;
template Minimum minimize(CurvedFunction<float>&, std::span<float>, const HessianFree&,
                          const MinimizeOptions&);
template Minimum minimize(CurvedFunction<double>&, std::span<double>, const HessianFree&,
                          const MinimizeOptions&);

}  // namespace fanin
