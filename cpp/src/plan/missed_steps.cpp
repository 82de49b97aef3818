#include "plan/missed_steps.hpp"

#include <algorithm>

#include "fanin/math.hpp"

namespace fanin {
namespace {

constexpr double kSmallest = 1e-100;
// Takes the place of 0 in products
constexpr double kNothing = 1e-30;

// The polynomial may be wrong by this share of a step.
constexpr double kMostWrong = 3e-6;

// Differences of sums of shares in averages keep ten digits if no share is smaller than this in proportion.
constexpr double kLeastShare = 1e-6;

// Chebyshev's, sin(pi i / 14)^2
constexpr int kNodes = Missed<double>::kTerms;
constexpr double kNode[kNodes] = {0,
                                  0.04951556604879044,
                                  0.18825509907063323,
                                  0.38873953302184283,
                                  0.61126046697815717,
                                  0.81174490092936677,
                                  0.95048443395120956,
                                  1};

// How well the polynomial approximates 1 / (r + e (1 - r)), in proportion: it converges as fast as the
// ellipse of its pole is large
double error_at(double r) {
  if (r >= 1) return 0;
  const double z = 1 + 2 * r / (1 - r), axes = z + std::sqrt(z * z - 1);
  return 1 / power(axes, static_cast<std::uint64_t>(kNodes));
}

}  // namespace

void MissedSteps::Sums::scale(double factor) {
  plain *= factor;
  for (double& x : at) x *= factor;
}

void MissedSteps::Sums::add(const Sums& other, double factor) {
  plain += factor * other.plain;
  for (int i = 0; i < kNodes; ++i) at[i] += factor * other.at[i];
}

// By Newton's divided differences
void MissedSteps::Sums::to_polynomial() {
  for (int order = 1; order < kNodes; ++order) {
    for (int i = kNodes - 1; i >= order; --i) at[i] = (at[i] - at[i - 1]) / (kNode[i] - kNode[i - order]);
  }
  double terms[kNodes] = {at[kNodes - 1]};
  for (int i = kNodes - 2; i >= 0; --i) {  // times (e - node i), plus the difference
    for (int j = kNodes - 1; j > 0; --j) terms[j] = terms[j - 1] - kNode[i] * terms[j];
    terms[0] = at[i] - kNode[i] * terms[0];
  }
  std::copy(terms, terms + kNodes, at);
}

void MissedSteps::begin(bool averages, double least) {
  averages_ = averages;
  full_ = false;
  still_ = true;
  least_ = least;
  open_ = 0;
  courses_.assign(1, {});
  weight_.assign(1, 1);
  average_.assign(1, 1);
  carried_.assign(1, 0);
  for (auto& kept : kept_) kept.assign(1, 0);
  for (auto& powers : powers_) powers.assign(1, 1);
  std::fill(std::begin(constant_), std::end(constant_), true);
}

// Called after each step, so that `courses_` has one for this step, too
void MissedSteps::add(const IdleStep& step, double undecayed, double share) {
  const double kept = share < 1 ? 1 - share : kNothing;
  weight_.push_back(weight_.back() * undecayed);
  average_.push_back(average_.back() * kept);
  carried_.push_back(carried_.back() + share * weight_.back() / average_.back());
  for (int s = 0; s < Missed<double>::kSlots; ++s) {
    kept_[s].push_back(kept_[s].back() + math::log(std::max(step.keep[s], kNothing)));
    constant_[s] = constant_[s] && (powers_[s].size() == 1 || powers_[s][1] == step.keep[s]);
    powers_[s].push_back(powers_[s].back() * step.keep[s]);
  }
  for (std::size_t s = open_; s < courses_.size(); ++s) {
    Course& course = courses_[s];
    extend(course, step, undecayed, share);
    full_ =
        full_ || (step.divided_by >= 0 && course.moved / course.ratio * error_at(course.ratio) > kMostWrong);
    if (s == open_ && (step.moved_by < 0 || course.moved < least_)) {
      end(course);
      ++open_;
    }
  }
  courses_.emplace_back();
  still_ = still_ && undecayed == 1;
  const double weight = std::abs(weight_.back()), carried = std::abs(carried_.back()) * average_.back();
  full_ = full_ || weight < kSmallest || average_.back() < kSmallest || count() >= kMost ||
          (averages_ && weight < kLeastShare * carried);
}

void MissedSteps::end(Course& course) {
  course.end = count();
  course.sums.to_polynomial();
  course.average_sums.to_polynomial();
}

double MissedSteps::kept(int slot, std::size_t since) const {
  const std::size_t n = count();
  return constant_[slot] ? powers_[slot][n - since] : math::exp(kept_[slot][n] - kept_[slot][since]);
}

void MissedSteps::extend(Course& course, const IdleStep& step, double undecayed, double share) const {
  course.sums.scale(undecayed);
  course.weight *= undecayed;
  if (step.moved_by >= 0) {
    const double keep = step.divided_by < 0 ? 1 : step.keep[step.divided_by];
    const double kept = step.root ? std::sqrt(keep) : keep;
    course.moved *= step.keep[step.moved_by];
    course.divided *= kept;
    const double term = step.rate * course.moved, scale = step.scale * course.divided;
    if (step.divided_by < 0) {
      course.sums.plain += term;
    } else if (scale == 0) {
      course.sums.plain += step.epsilon > 0 ? term / step.epsilon : 0;
    } else {
      if (course.scale == 0) {
        course.scale = scale;
        course.epsilon = step.epsilon;
      }
      const double longer = course.epsilon > 0 ? step.epsilon / course.epsilon : 1;
      const double r = scale / course.scale / longer, divided = term / longer;
      course.ratio = r * kept;
      for (int i = 0; i < kNodes; ++i) course.sums.at[i] += divided / (r + kNode[i] * (1 - r));
    }
  }
  if (!averages_) return;
  course.average *= 1 - share;
  course.average_weight += share * (course.weight - course.average_weight);
  course.average_sums.scale(1 - share);
  course.average_sums.add(course.sums, share);
}

template <class T>
Missed<T> MissedSteps::since(std::size_t step) const {
  Course course = courses_[step];
  const std::size_t n = count();
  if (course.end == 0) {
    course.sums.to_polynomial();
    if (averages_) course.average_sums.to_polynomial();
  } else if (course.end < n) {
    const std::size_t end = course.end;
    const double later = average_[n] / average_[end],
                 carried = average_[n] * (carried_[n] - carried_[end]) / weight_[end];
    course.average *= later;
    course.average_weight = later * course.average_weight + carried * course.weight;
    course.average_sums.scale(later);
    course.average_sums.add(course.sums, carried);
    course.sums.scale(weight_[n] / weight_[end]);
  }
  Missed<T> missed;
  missed.weight = static_cast<T>(weight_[n] / weight_[step]);
  missed.scale = static_cast<T>(course.scale);
  missed.epsilon = static_cast<T>(course.epsilon);
  missed.plain = static_cast<T>(course.sums.plain);
  for (int i = 0; i < kNodes; ++i) missed.series[i] = static_cast<T>(course.sums.at[i]);
  for (int s = 0; s < Missed<T>::kSlots; ++s) missed.keep[s] = static_cast<T>(kept(s, step));
  if (!averages_) return missed;
  missed.average = static_cast<T>(course.average);
  missed.average_weight = static_cast<T>(course.average_weight);
  missed.average_plain = static_cast<T>(course.average_sums.plain);
  for (int i = 0; i < kNodes; ++i) missed.average_series[i] = static_cast<T>(course.average_sums.at[i]);
  return missed;
}

template Missed<float> MissedSteps::since(std::size_t) const;
template Missed<double> MissedSteps::since(std::size_t) const;

}  // namespace fanin
