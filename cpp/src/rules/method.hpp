// An update rule and what is applied around it, step by step.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.hpp"
#include "rules/any_rule.hpp"

namespace fanin {

// Each throws ValueError: for hyper-parameters out of range, and for options of arrays that are neither none
// nor one for each of `count` arrays
void check_method(const Method& method);
void check_arrays(const Method& method, std::size_t count);

// The rule with its hyper-parameters of step t
Rule rule_at(const Method& method, std::uint64_t t);
// The rule with scheduled hyper-parameters at their largest values, which decide what state it has
Rule largest_of(const Method& method);
// How far the trained weights are ahead of those shown before step t, as the rule's `ahead` defines it
double look_ahead(const Method& method, std::uint64_t t);

// What is applied around the rule to the array at this place; `inputs` is 0 if it holds biases
Around around_of(const Method& method, std::size_t array, std::size_t inputs);
inline bool is_frozen(const Method& method, std::size_t array) {
  return !method.arrays.empty() && method.arrays[array].frozen;
}
// Whether nothing is applied around the rule
bool is_bare(const Method& method);
// Whether updates must wait for the whole gradient
inline bool needs_whole_gradient(const Method& method) {
  return method.accumulate > 1 || method.clip_norm < __builtin_inf();
}
template <class T>
Limits<T> limits_of(const Method& method) {
  Limits<T> limits;
  limits.limit = static_cast<T>(method.clip_value);
  return limits;
}
// The share of the newest weights in the average over t steps
inline double share_of_newest(const Method& method, std::uint64_t t) {
  return (1 - method.average_decay) / (1 - power(method.average_decay, t));
}

StepConstants begin_step(const Method& method, Moment at);

}  // namespace fanin
