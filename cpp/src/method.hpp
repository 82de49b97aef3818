// What the library asks of an update rule that is chosen at run time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fanin/names.hpp"
#include "fanin/rule.hpp"
#include "kernels/table.hpp"

namespace fanin {

inline std::string name_of(const Rule& rule) {
  return std::visit([](const auto& r) { return std::string(r.name); }, rule);
}

// Places in the rule's own list of the slots it uses
struct SlotList {
  int slot[8];
  int count;

  bool operator==(const SlotList& other) const {
    for (int i = 0; i < count && i < other.count; ++i) {
      if (slot[i] != other.slot[i]) return false;
    }
    return count == other.count;
  }
  // which of them this slot is, or -1
  int place_of(int of_list) const {
    for (int i = 0; i < count; ++i) {
      if (slot[i] == of_list) return i;
    }
    return -1;
  }
};
inline SlotList slots_of(const Rule& rule) {
  return std::visit(
      [](const auto& r) {
        static_assert(std::decay_t<decltype(r)>::slots <= 8);
        SlotList used{{}, 0};
        for (int s = 0; s < r.slots; ++s) {
          if constexpr (requires { r.uses(0, 0); }) {
            if (!r.uses(r.form(), s)) continue;
          }
          used.slot[used.count++] = s;
        }
        return used;
      },
      rule);
}

inline std::vector<std::string> slot_names_of(const Rule& rule) {
  const std::vector<std::string> all =
      std::visit([](const auto& r) { return slot_names_of<std::decay_t<decltype(r)>>(); }, rule);
  const SlotList used = slots_of(rule);
  std::vector<std::string> names;
  for (int i = 0; i < used.count; ++i) names.push_back(all[static_cast<std::size_t>(used.slot[i])]);
  return names;
}

// What a slot holds before the first step
inline double initial_of(const Rule& rule, int slot) {
  return std::visit(
      [slot](const auto& r) -> double {
        if constexpr (requires { r.initial(0); }) return r.initial(slot);
        return 0;
      },
      rule);
}

// Which of the used slots is the v of a rule that looks ahead, or -1
inline int velocity_of(const Rule& rule) {
  const int slot = std::visit(
      [](const auto& r) -> int {
        if constexpr (requires { r.velocity(); }) return r.velocity();
        return -1;
      },
      rule);
  return slots_of(rule).place_of(slot);
}

inline bool needs_loss(const Rule& rule) {
  return std::visit(
      [](const auto& r) -> bool {
        if constexpr (requires { r.needs_loss(); }) return r.needs_loss();
        return false;
      },
      rule);
}

inline bool needs_second_gradient(const Rule& rule) {
  return std::visit([](const auto& r) -> bool { return requires { r.second_gradient; }; }, rule);
}

// The letter of the number it keeps from step to step, or nothing
inline std::string memory_name_of(const Rule& rule) {
  return std::visit(
      [](const auto& r) -> std::string {
        if constexpr (requires { r.needs_loss(); }) {
          if (!r.needs_loss()) return {};
        }
        if constexpr (requires { r.memory_name; }) return r.memory_name;
        return {};
      },
      rule);
}

inline double remember(const Rule& rule, const Moment& at) {
  return std::visit(
      [&](const auto& r) -> double {
        if constexpr (requires { r.remember(at); }) return r.remember(at);
        return 0;
      },
      rule);
}

inline double learning_rate_of(const Rule& rule) {
  return std::visit([](const auto& r) { return r.learning_rate; }, rule);
}
inline double momentum_of(const Rule& rule) {
  return std::visit(
      [](const auto& r) -> double {
        if constexpr (requires { r.momentum; }) return r.momentum;
        return 0;
      },
      rule);
}

inline double value_at(const Schedule& schedule, std::uint64_t t) {
  return std::visit([t](const auto& s) { return s.at(t); }, schedule);
}

// The rule with its hyper-parameters of step t
inline Rule rule_at(const Method& method, std::uint64_t t) {
  Rule rule = method.rule;
  std::visit(
      [&](auto& r) {
        if (method.learning_rate) r.learning_rate = value_at(*method.learning_rate, t);
        if constexpr (requires { r.momentum; }) {
          if (method.momentum) r.momentum = value_at(*method.momentum, t);
        }
      },
      rule);
  return rule;
}

// The rule with scheduled hyper-parameters at their largest: what decides on its state
inline Rule largest_of(const Method& method) {
  const auto largest = [](const Schedule& s) {
    return std::visit([](const auto& any) { return any.largest(); }, s);
  };
  Rule rule = method.rule;
  std::visit(
      [&](auto& r) {
        if (method.learning_rate) r.learning_rate = largest(*method.learning_rate);
        if constexpr (requires { r.momentum; }) {
          if (method.momentum) r.momentum = largest(*method.momentum);
        }
      },
      rule);
  return rule;
}

// How far ahead of w the trained weights are before step t: so many times v
inline double look_ahead(const Method& method, std::uint64_t t) { return momentum_of(rule_at(method, t)); }

// What goes on around the rule for the array at this place, whose inputs are 0 where it is one of biases
Around around_of(const Method& method, std::size_t array, std::size_t inputs);
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

// calls f(constants, moment, learning rate) for step t of a method
template <class F>
auto with_constants(const Method& method, Moment at, F&& f) {
  const Rule rule = rule_at(method, at.t);
  if (method.momentum) at.next_momentum = momentum_of(rule_at(method, at.t + 1));
  return std::visit(
      [&](const auto& r) {
        const auto constants = r.begin(at);
        return f(&constants, remember(rule, at), r.learning_rate);
      },
      rule);
}

}  // namespace fanin
