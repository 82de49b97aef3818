// An update rule and what is applied around it, step by step.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.hpp"
#include "rules/any_rule.hpp"

namespace fanin {

// These throw ValueError: if hyper-parameters are out of range or contradict each other, and if there are
// options for arrays, but not for each of `count`
void check_method(const Method& method);
void check_arrays(const Method& method, std::size_t count);

// Whether a schedule spans the whole fit, which must then know its end
bool spans_fit(const Method& method);
// Throws ValueError unless the schedules that span the fit can, in this many steps
void check_span(const Method& method, double steps);

// The rule with its hyper-parameters at a step
Rule rule_at(const Method& method, const Clock& clock);
// The rule with scheduled hyper-parameters at their largest values, which determine its state
Rule largest_of(const Method& method);
// The rule's `ahead` for step t, or 0: how far the trained weights are ahead of those shown
double look_ahead(const Method& method, std::uint64_t t);

// What is applied around the rule to an array; `inputs` is 0 if it holds biases
Around around_of(const Method& method, std::size_t array, std::size_t inputs);
inline bool is_frozen(const Method& method, std::size_t array) {
  return !method.arrays.empty() && method.arrays[array].frozen;
}
// Whether nothing is applied around the rule
bool is_bare(const Method& method);
// Whether updates must wait for the whole gradient
inline bool needs_whole_gradient(const Method& method) {
  return method.accumulate > 1 || method.clip_norm < __builtin_inf() || traits_of(method.rule).whole_matrices;
}
template <class T>
Limits<T> limits_of(const Method& method) {
  Limits<T> limits;
  limits.limit = static_cast<T>(method.clip_value);
  return limits;
}
// Whether the weights are averaged, and the share of the newest ones in the average over t steps
inline bool averages(const Method& method) { return method.average_decay > 0 || method.average_share > 0; }
double share_of_newest(const Method& method, std::uint64_t t);

// `next` is the step after that of the moment
StepConstants begin_step(const Method& method, Moment at, const Clock& now, const Clock& next);
inline StepConstants begin_step(const Method& method, const Moment& at) {
  return begin_step(method, at, at.t, at.t + 1);
}

}  // namespace fanin
