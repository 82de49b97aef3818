// What the library needs of an update rule chosen at run time. Only any_rule.cpp includes the list of rules.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fanin/rule.hpp"
#include "kernels/applied.hpp"

namespace fanin {

inline constexpr int kMostSlots = 8;

// The slots that a rule needs with its hyper-parameters: slot[i] is a place in the rule's own list, and place
// is the inverse, -1 for slots that are not needed.
struct SlotList {
  int slot[kMostSlots] = {};
  int count = 0;
  int place[kMostSlots] = {-1, -1, -1, -1, -1, -1, -1, -1};

  bool operator==(const SlotList&) const = default;
};

// See rules/rule.hpp; the defaults are those of a rule that does not define them.
struct RuleTraits {
  double learning_rate;
  std::optional<double> momentum = {};  // if a schedule may change it
  double ahead = 0;
  bool looks_ahead = false, needs_loss = false, second_gradient = false;
  bool whole_matrices = false, adam_output = false;
  bool idles = false;  // says what a step without a gradient does
  const char* memory_name = "";
  SlotList slots = {};
  double initial[kMostSlots] = {};  // by the place in the rule's own list
  const char* const* slot_names = nullptr;
};
RuleTraits traits_of(const Rule& rule);
// Of the slots that the rule needs
std::vector<std::string> slot_names_of(const Rule& rule);

// Throws ValueError if hyper-parameters are out of range or contradict each other
void check_rule(const Rule& rule);
// The weight decay among the rule's hyper-parameters, or 0 if it has none
double own_decay_of(const Rule& rule);
void set_learning_rate(Rule& rule, double value);
// Does nothing if the rule has no momentum
void set_momentum(Rule& rule, double value);

// The constants of a step of any rule, in the form that kernels take
struct StepConstants {
  static constexpr std::size_t kMostBytes = 128;
  alignas(std::max_align_t) std::byte bytes[kMostBytes];
  double memory;         // what the rule remembers for the next step
  double learning_rate;  // of this step; of the other arrays, if the rule steps whole matrices
  double decay = 0;      // the weight decay, which `begin_step` adds
  MatrixStep matrices = {};
  std::optional<IdleStep> idle = {};

  const void* constants() const { return bytes; }
  // Sets the arguments of a kernel that change from step to step
  template <class T>
  void apply_to(Update<T>& update) const {
    update.constants = bytes;
    update.rate = learning_rate;
    update.decay = decay;
    update.matrices = matrices;
    update.idle = idle ? &*idle : nullptr;
  }
};
StepConstants constants_of(const Rule& rule, const Moment& at);

}  // namespace fanin
