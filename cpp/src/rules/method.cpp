#include "rules/method.hpp"

#include "base/field_check.hpp"
#include "base/text.hpp"
#include "fanin/math.hpp"

namespace fanin {
namespace {

// The rule with value(schedule) for each scheduled hyper-parameter
template <class F>
Rule scheduled(const Method& method, F&& value) {
  Rule rule = method.rule;
  if (method.learning_rate) set_learning_rate(rule, value(*method.learning_rate));
  if (method.momentum) set_momentum(rule, value(*method.momentum));
  return rule;
}

bool spans(const std::optional<Schedule>& schedule) { return schedule && spans_fit(*schedule); }

}  // namespace

bool spans_fit(const Method& method) { return spans(method.learning_rate) || spans(method.momentum); }

void check_span(const Method& method, double steps) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum}) {
    if (!spans(*schedule)) continue;
    if (const char* message = conflict_in(**schedule, steps)) {
      throw ValueError(std::string(message) + ", which are " + number_text(steps) + " in this fit");
    }
  }
}

Rule rule_at(const Method& method, const Clock& clock) {
  return scheduled(method, [&clock](const Schedule& schedule) { return value_at(schedule, clock); });
}

Rule largest_of(const Method& method) {
  return scheduled(method, [](const Schedule& schedule) { return largest_of(schedule); });
}

double look_ahead(const Method& method, std::uint64_t t) {
  return traits_of(largest_of(method)).looks_ahead ? traits_of(rule_at(method, t)).ahead : 0;
}

StepConstants begin_step(const Method& method, Moment at, const Clock& now, const Clock& next) {
  if (!method.learning_rate && !method.momentum) return constants_of(method.rule, at);
  if (method.momentum) at.next_momentum = traits_of(rule_at(method, next)).momentum.value_or(0);
  const Rule rule = rule_at(method, now);
  if (traits_of(rule).whole_matrices) {
    const double largest = traits_of(largest_of(method)).learning_rate;
    if (largest > 0) at.share_of_rate = traits_of(rule).learning_rate / largest;
  }
  return constants_of(rule, at);
}

void check_method(const Method& method) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum}) {
    if (*schedule) std::visit([](const auto& s) { check_entry(s); }, **schedule);
  }
  check_rule(largest_of(method));
  const RuleTraits traits = traits_of(method.rule);
  if (method.momentum && !traits.momentum) {
    throw ValueError("momentum: " + std::string(method.rule.name()) + " has no momentum to schedule");
  }
  if (spans(method.momentum) && traits_of(largest_of(method)).looks_ahead) {
    throw ValueError("momentum: expected a schedule with its number of steps, because " +
                     std::string(method.rule.name()) + " looks ahead beyond the end of a fit");
  }
  const FieldCheck check;
  Method::fields(method, check);
  for (const ArrayOptions& array : method.arrays) check("rate_scale", array.rate_scale, at_least(0));
  if (method.accumulate > 1 && traits.second_gradient) {
    throw ValueError("accumulate: expected 1, because " + std::string(method.rule.name()) +
                     " needs two gradients of the same batch, got " + std::to_string(method.accumulate));
  }
}

void check_arrays(const Method& method, std::size_t count) {
  if (method.arrays.empty() || method.arrays.size() == count) return;
  throw ValueError("arrays: expected options for each of the " + std::to_string(count) + " arrays, got " +
                   std::to_string(method.arrays.size()));
}

Around around_of(const Method& method, std::size_t array, std::size_t inputs) {
  Around around;
  if (!method.arrays.empty()) {
    around.scale = method.arrays[array].rate_scale;
    around.frozen = is_frozen(method, array);
  }
  if (inputs == 0) return around;
  if (method.fan_in_power > 0) {
    around.scale *= math::exp(-method.fan_in_power * math::log(static_cast<double>(inputs)));
  }
  around.decay = traits_of(method.rule).own_decay + method.weight_decay;
  around.l1 = method.l1;
  around.l2 = method.l2;
  return around;
}

bool is_bare(const Method& method) {
  return method.clip_value == __builtin_inf() && method.l1 == 0 && method.l2 == 0 &&
         method.weight_decay == 0 && traits_of(method.rule).own_decay == 0 && method.fan_in_power == 0 &&
         method.average_decay == 0 && method.arrays.empty() && !needs_whole_gradient(method);
}

}  // namespace fanin
