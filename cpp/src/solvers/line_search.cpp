#include "solvers/line_search.hpp"

#include <cmath>

namespace fanin {
namespace {

// Hager and Zhang's constants: of the two conditions; the widening of a bracket, the least narrowing of it by
// two secants, and its halving
constexpr double kDelta = 0.1, kSigma = 0.9, kEpsilon = 1e-6;
constexpr double kWiden = 5, kNarrow = 2.0 / 3, kHalf = 0.5;
constexpr double kAfterInfinity = 0.1;  // of a bracket, where phi is not finite
constexpr std::size_t kMostEvaluations = 50;

// Where the slope between two points would be 0; NaN if there is no such place
double secant(const OnLine& a, const OnLine& b) {
  return (a.at * b.slope - b.at * a.slope) / (b.slope - a.slope);
}

bool is_finite(const OnLine& point) { return std::isfinite(point.value) && std::isfinite(point.slope); }

}  // namespace

template <class T>
double LineSearch<T>::at_start(std::span<const T> x, std::span<T> gradient) {
  ++evaluations_;
  return f_(x, gradient);
}

template <class T>
double LineSearch<T>::value(std::span<const T> x, std::span<const T> d, double a) {
  add_scaled<T>(x, a, d, x_);
  ++evaluations_;
  return f_(x_, {});
}

template <class T>
const OnLine& LineSearch<T>::evaluate(double at) {
  add_scaled<T>(from_, at, d_, x_);
  ++evaluations_;
  const double value = f_(x_, gradient_);
  return last_ = {at, value, dot<T>(gradient_, d_)};
}

template <class T>
bool LineSearch<T>::accepts(const OnLine& point) const {
  if (!is_finite(point) || point.slope < kSigma * start_.slope) return false;
  if (point.value <= start_.value + kDelta * point.at * start_.slope) return true;
  return is_low(point) && point.slope <= (2 * kDelta - 1) * start_.slope;
}

template <class T>
bool LineSearch<T>::exhausted() const {
  const double middle = low_.at + kHalf * (high_.at - low_.at);
  return evaluations_ >= most_evaluations_ || !(middle > low_.at && middle < high_.at);
}

template <class T>
bool LineSearch<T>::run(std::span<const T> x, double f, std::span<const T> d, double slope, double first) {
  from_ = x;
  d_ = d;
  start_ = low_ = high_ = {0, f, slope};
  allowance_ = kEpsilon * std::abs(f);
  most_evaluations_ = evaluations_ + kMostEvaluations;
  if (bracket(first)) return true;
  while (!exhausted()) {
    const double width = high_.at - low_.at;
    if (secants()) return true;
    if (high_.at - low_.at > kNarrow * width && narrow(low_.at + kHalf * (high_.at - low_.at))) return true;
  }
  return settle();
}

// Tries longer steps until phi rises
template <class T>
bool LineSearch<T>::bracket(double first) {
  for (double at = first; evaluations_ < most_evaluations_ && std::isfinite(at); at *= kWiden) {
    const OnLine point = evaluate(at);
    if (accepts(point)) return true;
    if (!is_finite(point) || (point.slope < 0 && !is_low(point))) return shrink(at, is_finite(point));
    if (point.slope >= 0) {
      high_ = point;
      return false;
    }
    low_ = point;
  }
  return false;
}

// Looks between low_ and `high`, where phi is too high or not finite, for a place where the slope is at
// least 0
template <class T>
bool LineSearch<T>::shrink(double high, bool finite) {
  while (evaluations_ < most_evaluations_) {
    const double at = low_.at + (finite ? kHalf : kAfterInfinity) * (high - low_.at);
    if (!(at > low_.at && at < high)) break;
    const OnLine point = evaluate(at);
    if (accepts(point)) return true;
    finite = is_finite(point);
    if (finite && point.slope >= 0) {
      high_ = point;
      return false;
    }
    if (finite && is_low(point)) {
      low_ = point;
    } else {
      high = at;
    }
  }
  high_ = low_;  // an empty bracket
  return false;
}

template <class T>
bool LineSearch<T>::narrow(double at) {
  if (!(at > low_.at && at < high_.at)) return false;
  const OnLine point = evaluate(at);
  if (accepts(point)) return true;
  if (!is_finite(point) || (point.slope < 0 && !is_low(point))) return shrink(at, is_finite(point));
  (point.slope >= 0 ? high_ : low_) = point;
  return false;
}

// Hager and Zhang's double secant step
template <class T>
bool LineSearch<T>::secants() {
  const OnLine low = low_, high = high_;
  const double at = secant(low, high);
  if (narrow(at)) return true;
  if (at == high_.at) return narrow(secant(high, high_));
  if (at == low_.at) return narrow(secant(low, low_));
  return false;
}

// Without a point that meets the conditions, takes the best one that is lower than the start
template <class T>
bool LineSearch<T>::settle() {
  if (!(low_.at > 0 && low_.value < start_.value)) return false;
  if (last_.at != low_.at) evaluate(low_.at);
  return true;
}

template class LineSearch<float>;
template class LineSearch<double>;

}  // namespace fanin
