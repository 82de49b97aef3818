// Checks of the hyper-parameters of rules, schedules, losses, initializers and layers.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/text.hpp"
#include "fanin/activations.hpp"
#include "fanin/error.hpp"
#include "fanin/layers/all.hpp"
#include "fanin/schedules.hpp"

namespace fanin {

inline std::string bound(double x) {
  return std::isinf(x) ? (x < 0 ? "-infinity" : "infinity") : number_text(x);
}

inline bool allows(const Allowed& allowed, double value) {
  const bool above = allowed.open_low ? value > allowed.low : value >= allowed.low;
  const bool below = allowed.open_high ? value < allowed.high : value <= allowed.high;
  const bool finite = std::isfinite(value) || (value == allowed.high && !allowed.open_high);
  return above && below && finite;
}

inline std::string interval(const Allowed& allowed) {
  return (allowed.open_low ? "(" : "[") + bound(allowed.low) + ", " + bound(allowed.high) +
         (allowed.open_high ? ")" : "]");
}

// Checks the fields of a list entry, and of entries inside it; messages begin with the owner
struct FieldCheck {
  std::string owner = {};
  void operator()(const char* name, double value, const Allowed& allowed) const {
    if (allows(allowed, value)) return;
    throw ValueError(owner + name + ": expected a number in " + interval(allowed) + ", got " +
                     number_text(value));
  }
  void operator()(const char* name, double value, const OrNone& allowed) const {
    if (value != 0) (*this)(name, value, static_cast<const Allowed&>(allowed));
  }
  void operator()(const char* name, std::size_t value, const Allowed& allowed) const {
    (*this)(name, static_cast<double>(value), allowed);
  }
  void operator()(const char* name, const Numbers& numbers, const Allowed& allowed) const {
    for (std::size_t i = 0; i < numbers.count; ++i) (*this)(name, numbers.value[i], allowed);
  }
  void operator()(const char* name, const std::vector<std::size_t>& numbers, const Allowed& allowed) const {
    for (const std::size_t number : numbers) (*this)(name, number, allowed);
  }
  // values are checked when they are rounded to the network's type
  void operator()(const char*, const std::vector<double>&, const Allowed&) const {}
  void operator()(const char*, bool) const {}
  template <class E>
  void operator()(const char* name, E choice, const Choices& choices) const {
    if (static_cast<std::size_t>(choice) < choices.count) return;
    throw ValueError(std::string(name) + ": expected one of " + std::to_string(choices.count) +
                     " variants, got number " + std::to_string(static_cast<int>(choice)));
  }
  void operator()(const char* name, Activation activation) const {
    const auto place = static_cast<int>(activation);
    if (place >= 0 && place < Activations::size) return;
    throw ValueError(owner + name + ": expected one of " + std::to_string(Activations::size) +
                     " activations, got number " + std::to_string(place));
  }
  template <class... Entry>
  void operator()(const char* name, const std::variant<Entry...>& entry, List<Entry...>) const {
    std::visit([&](const auto& e) { e.fields(e, FieldCheck{owner + name + ": "}); }, entry);
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, const ShortList<std::variant<Entry...>, most>& entries,
                  List<Entry...> list) const {
    for (std::size_t i = 0; i < entries.count; ++i) (*this)(name, entries.value[i], list);
  }
  void operator()(const char*, const std::vector<Layer>&) const {}  // each layer is checked on its own
  template <class Value>
  void operator()(const char* name, const std::optional<Value>& value) const {
    if (value) Value::fields(*value, FieldCheck{owner + name + ": "});
  }
};

// Checks each field of a rule or schedule, and then whether they go together
template <class Entry>
void check_entry(const Entry& entry) {
  entry.fields(entry, FieldCheck{});
  if constexpr (requires { entry.conflict(); }) {
    if (const char* message = entry.conflict()) throw ValueError(message);
  }
}

}  // namespace fanin
