#include "solvers/descent.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/field_check.hpp"
#include "solvers/start.hpp"

namespace fanin {

void check_solver(const Solver& solver) {
  std::visit([](const auto& one) { one.fields(one, FieldCheck{}); }, solver);
}

Tolerances tolerances_of(const LineSolver& solver) {
  return std::visit([](const auto& one) { return Tolerances{one.gradient_tolerance, one.loss_tolerance}; },
                    solver);
}

template <class T>
Descent<T>::Descent(const Function<T>& f, std::span<T> x, std::unique_ptr<Directions<T>> directions,
                    Tolerances tolerances)
    : tolerances_(tolerances),
      x_(x),
      g_(x.size()),
      d_(x.size()),
      line_(f, x.size()),
      directions_(std::move(directions)) {
  check_not_empty(x.size());
  loss_ = line_.at_start(x, g_);
  largest_ = largest_size<T>(g_);
  check_start(loss_, largest_);
  if (largest_ <= tolerances_.gradient) ended_ = Ended::small_gradient;
}

// Along the solver's direction, or else along -g
template <class T>
bool Descent<T>::find_step() {
  for (;;) {
    directions_->next(g_, d_);
    const double slope = dot<T>(g_, d_);
    if (slope < 0 && std::isfinite(slope)) {
      const double first = directions_->first_length(line_, x_, loss_, g_, d_, slope);
      if (line_.run(x_, loss_, d_, slope, first)) return true;
    }
    if (!directions_->knows()) return false;
    directions_->forget();
  }
}

template <class T>
void Descent<T>::take_step() {
  const double before = loss_;
  directions_->learn({x_, line_.x(), g_, line_.gradient(), d_, line_.found().at});
  std::copy(line_.x().begin(), line_.x().end(), x_.begin());
  g_.swap(line_.gradient());
  loss_ = line_.found().value;
  largest_ = largest_size<T>(g_);
  const double size = std::max({std::abs(before), std::abs(loss_), 1.0});
  if (largest_ <= tolerances_.gradient) {
    ended_ = Ended::small_gradient;
  } else if (before - loss_ <= tolerances_.loss * size) {
    ended_ = Ended::small_decrease;
  }
}

template <class T>
Iteration Descent<T>::iterate() {
  const std::size_t before = evaluations();
  double length = 0;
  if (!ended_ && find_step()) {
    length = line_.found().at;
    take_step();
  } else if (!ended_) {
    ended_ = Ended::no_descent;
  }
  return {++iterations_, loss_, largest_, length, evaluations() - before};
}

template class Descent<float>;
template class Descent<double>;

}  // namespace fanin
