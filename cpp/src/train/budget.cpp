#include "fanin/budget.hpp"

#include <limits>

#include "base/text.hpp"
#include "fanin/error.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

}  // namespace

Budget::Budget(std::optional<std::size_t> max_steps, std::optional<double> max_seconds)
    : steps_(max_steps.value_or(std::numeric_limits<std::size_t>::max())),
      deadline_(seconds_now() + max_seconds.value_or(kNever)) {
  if (steps_ == 0) throw ValueError("max_steps: expected at least 1, got 0");
  if (max_seconds && !(*max_seconds > 0 && *max_seconds < kNever)) {
    throw ValueError("max_seconds: expected a finite number above 0, got " + number_text(*max_seconds));
  }
}

bool Budget::late() const { return deadline_ < kNever && seconds_now() >= deadline_; }

}  // namespace fanin
