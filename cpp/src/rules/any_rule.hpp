// What the library asks of an update rule chosen at run time. any_rule.cpp alone includes the list of rules.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fanin/rule.hpp"

namespace fanin {

inline constexpr int kMostSlots = 8;

// The slots that a rule needs with its hyper-parameters: the place of each in the rule's own list; and for
// each of that list its place among them, or -1
struct SlotList {
  int slot[kMostSlots] = {};
  int count = 0;
  int place[kMostSlots] = {-1, -1, -1, -1, -1, -1, -1, -1};

  bool operator==(const SlotList&) const = default;
};

// See rules/rule.hpp; each is as for a rule that does not say.
struct RuleTraits {
  double learning_rate;
  std::optional<double> momentum = {};  // that a schedule may change
  double own_decay = 0;
  double ahead = 0;
  bool looks_ahead = false, needs_loss = false, second_gradient = false;
  const char* memory_name = "";
  SlotList slots = {};
  double initial[kMostSlots] = {};  // by the place in the rule's own list
  const char* const* slot_names = nullptr;
};
RuleTraits traits_of(const Rule& rule);
// Of the slots that it needs
std::vector<std::string> slot_names_of(const Rule& rule);

// Throws ValueError for hyper-parameters out of range, or that contradict each other
void check_rule(const Rule& rule);
// A rule without momentum stays as it is.
void set_learning_rate(Rule& rule, double value);
void set_momentum(Rule& rule, double value);

// The constants of a step, of whichever rule, as kernels take them
struct StepConstants {
  static constexpr std::size_t kMostBytes = 128;
  alignas(std::max_align_t) std::byte bytes[kMostBytes];
  double memory;         // what the rule remembers for the next step
  double learning_rate;  // of this step

  const void* constants() const { return bytes; }
};
StepConstants constants_of(const Rule& rule, const Moment& at);

}  // namespace fanin
