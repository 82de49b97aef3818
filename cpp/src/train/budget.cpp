#include "fanin/budget.hpp"

#include <cmath>

#include "base/text.hpp"
#include "fanin/error.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
// No update takes less time, so that this limits the first estimate.
constexpr double kLeastSecondsOfUpdate = 1e-6;
// A plan is renewed after as much time as has passed, at most this share of all time and this share of the
// time left, but not more often than this.
constexpr double kShareOfTime = 1.0 / 64, kShareOfTimeLeft = 1.0 / 8, kLeastShareOfTime = 1.0 / 1024;

void check_knots(const std::vector<Knot>& knots) {
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const Knot& knot = knots[i];
    const bool in_order = i == 0 ? knot.at == 0 : knot.at > knots[i - 1].at;
    if (in_order && knot.done >= 0 && knot.done < 1 && knot.steps > 0 && knot.steps < kNever) continue;
    throw ValueError("max_steps: expected ascending knots of a fit, got one that is not");
  }
}

}  // namespace

Budget::Budget(std::optional<Steps> max_steps, std::optional<double> max_time)
    : left_(max_steps ? max_steps->count : kNone),
      start_(seconds_now()),
      deadline_(start_ + max_time.value_or(kNever)) {
  if (left_ == 0) throw ValueError("max_steps: expected at least 1, got 0");
  if (max_time && !(*max_time > 0 && *max_time < kNever)) {
    throw ValueError("max_time: expected a finite number above 0, got " + number_text(*max_time));
  }
  if (max_steps) knots_ = std::move(max_steps->knots);
  check_knots(knots_);
}

bool Budget::late() const { return !adapts() && deadline_ < kNever && seconds_now() >= deadline_; }

std::optional<double> Budget::plan(std::optional<std::size_t> updates) {
  if (!knots_.empty()) return std::nullopt;
  most_ = std::min(updates.value_or(kNone), left_);
  const bool timed = deadline_ < kNever;
  if (most_ == kNone && !timed) {
    throw ValueError("steps: expected the number of steps of the schedule, because nothing limits the fit");
  }
  double steps = static_cast<double>(most_);
  if (timed) {
    planned_at_ = seconds_now();
    steps = std::min(steps, std::max(1.0, std::floor((deadline_ - start_) / kLeastSecondsOfUpdate)));
    if (steps < static_cast<double>(most_)) end_ = static_cast<std::size_t>(steps);
  }
  knots_ = {{0, 0, steps}};
  return timed ? std::nullopt : std::optional(steps);
}

Clock Budget::clock(std::uint64_t t, std::size_t number, std::size_t later) const {
  if (knots_.empty()) return t + later;
  const auto after = std::upper_bound(knots_.begin(), knots_.end(), number,
                                      [](std::size_t n, const Knot& knot) { return n < knot.at; });
  const Knot& knot = *(after - 1);
  const double since = static_cast<double>(number + later - knot.at);
  return {t + later, 1 + knot.done * knot.steps + since, knot.steps};
}

bool Budget::pauses() const { return adapts() ? seconds_now() >= due_at_ : late(); }

bool Budget::renew(std::size_t done) {
  const double now = seconds_now(), elapsed = std::max(now - planned_at_, kLeastSecondsOfUpdate);
  if (!adapts() || done == 0 || done >= std::min(most_, end_) || now < due_at_) return false;
  const double left = std::max(0.0, deadline_ - now), total = deadline_ - start_;
  const double possible = std::floor(left * static_cast<double>(done) / elapsed);
  const double steps = std::max(1.0, std::min(possible, static_cast<double>(most_ - done)));
  const Knot last = knots_.back();
  const double behind = last.done + static_cast<double>(done - last.at) / last.steps;
  if (last.at == done) knots_.pop_back();  // `renew` was called between the same updates before
  knots_.push_back({done, behind, steps / (1 - behind)});
  end_ = steps < static_cast<double>(most_ - done) ? done + static_cast<std::size_t>(steps) : kNone;
  due_at_ = now + std::max(std::min({elapsed, total * kShareOfTime, left * kShareOfTimeLeft}),
                           total * kLeastShareOfTime);
  return true;
}

}  // namespace fanin
