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

double decay_at(const Method& method, const Clock& clock) {
  return method.decay ? value_at(*method.decay, clock) : own_decay_of(method.rule) + method.weight_decay;
}

}  // namespace

bool spans_fit(const Method& method) {
  return spans(method.learning_rate) || spans(method.momentum) || spans(method.decay);
}

void check_span(const Method& method, double steps) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum, &method.decay}) {
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

double share_of_newest(const Method& method, std::uint64_t t) {
  const double decay = method.average_decay, share = method.average_share;
  if (share > 0) return (1 - share) / (1 + share * (static_cast<double>(t) - 2));
  return (1 - decay) / (1 - power(decay, t));
}

namespace {

StepConstants constants_at(const Method& method, Moment at, const Clock& now, const Clock& next) {
  if (!method.learning_rate && !method.momentum) return constants_of(method.rule, at);
  if (method.momentum) at.next_momentum = traits_of(rule_at(method, next)).momentum.value_or(0);
  const Rule rule = rule_at(method, now);
  if (traits_of(rule).whole_matrices) {
    const double largest = traits_of(largest_of(method)).learning_rate;
    if (largest > 0) at.share_of_rate = traits_of(rule).learning_rate / largest;
  }
  return constants_of(rule, at);
}

// Decay and averages are each described in one place.
void check_one_place(const Method& method) {
  const double own = own_decay_of(method.rule);
  if (method.weight_decay > 0 && (own > 0 || method.decay)) {
    throw ValueError("weight_decay: expected 0, because " +
                     (method.decay ? "there is a schedule of the decay"
                                   : method.rule.name() + (" has a decay of its own, " + number_text(own))) +
                     ", got " + number_text(method.weight_decay));
  }
  if (method.average_decay > 0 && method.average_share > 0) {
    throw ValueError("average_share: expected 0, because average_decay is " +
                     number_text(method.average_decay) + ", got " + number_text(method.average_share));
  }
}

}  // namespace

StepConstants begin_step(const Method& method, Moment at, const Clock& now, const Clock& next) {
  StepConstants begun = constants_at(method, at, now, next);
  begun.decay = decay_at(method, now);
  return begun;
}

void check_method(const Method& method) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum, &method.decay}) {
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
  check_one_place(method);
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
  around.decays = true;
  around.l1 = method.l1;
  around.l2 = method.l2;
  around.l2_of_sum = method.l2_of_sum;
  return around;
}

bool is_bare(const Method& method) {
  return method.clip_value == __builtin_inf() && method.l1 == 0 && method.l2 == 0 && method.l2_of_sum == 0 &&
         method.weight_decay == 0 && own_decay_of(method.rule) == 0 && !method.decay &&
         method.fan_in_power == 0 && !averages(method) && method.arrays.empty() &&
         !needs_whole_gradient(method);
}

}  // namespace fanin
