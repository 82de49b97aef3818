// What the library asks of an update rule that is chosen at run time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fanin/rule.hpp"
#include "kernels/table.hpp"

namespace fanin {

std::string name_of(const Rule& rule);

// Each throws ValueError: hyper-parameters out of range, and options of arrays, if there are any, for another
// number of them
void check_method(const Method& method);
void check_arrays(const Method& method, std::size_t count);

// Places in the rule's own list of the slots it uses; and for each of the list its place among them, or -1
struct SlotList {
  int slot[8] = {};
  int count = 0;
  int place[8] = {-1, -1, -1, -1, -1, -1, -1, -1};

  bool operator==(const SlotList&) const = default;
};
SlotList slots_of(const Rule& rule);
std::vector<std::string> slot_names_of(const Rule& rule);
// What a slot holds before the first step
double initial_of(const Rule& rule, int slot);
// Whether people see other weights than those that are trained
bool looks_ahead(const Rule& rule);
bool needs_loss(const Rule& rule);
bool needs_second_gradient(const Rule& rule);
// The letter of the number it keeps from step to step, or nothing
std::string memory_name_of(const Rule& rule);
double learning_rate_of(const Rule& rule);
double momentum_of(const Rule& rule);  // 0 where it has none

// The rule with its hyper-parameters of step t
Rule rule_at(const Method& method, std::uint64_t t);
// The rule with scheduled hyper-parameters at their largest: what decides on its state
Rule largest_of(const Method& method);
// How far ahead of those that people see the trained weights are before step t, as the rule's `ahead` says
double look_ahead(const Method& method, std::uint64_t t);

// What goes on around the rule for the array at this place, whose inputs are 0 where it is one of biases
Around around_of(const Method& method, std::size_t array, std::size_t inputs);
inline bool is_frozen(const Method& method, std::size_t array) {
  return !method.arrays.empty() && method.arrays[array].frozen;
}
bool is_bare(const Method& method);
// Whether the whole gradient is wanted before any update
inline bool wants_whole_gradient(const Method& method) {
  return method.accumulate > 1 || method.clip_norm < __builtin_inf();
}
template <class T>
Limits<T> limits_of(const Method& method) {
  Limits<T> limits;
  limits.limit = static_cast<T>(method.clip_value);
  return limits;
}
// Weight of the newest weights in their average over t steps
inline double share_of_newest(const Method& method, std::uint64_t t) {
  return (1 - method.average_decay) / (1 - power(method.average_decay, t));
}

template <class... R>
constexpr std::size_t most_bytes_of_constants(List<R...>) {
  std::size_t most = 0;
  ((most = sizeof(typename R::Constants) > most ? sizeof(typename R::Constants) : most), ...);
  return most;
}

// What a step is made with: the constants of whichever rule it is, as kernels take them
struct StepConstants {
  alignas(std::max_align_t) std::byte bytes[most_bytes_of_constants(Rules{})];
  double memory;         // what the rule keeps for the next step
  double learning_rate;  // of this step

  const void* constants() const { return bytes; }
};
StepConstants begin_step(const Method& method, Moment at);

}  // namespace fanin
