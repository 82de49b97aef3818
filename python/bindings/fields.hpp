// Fields of the entries of the lists to and from Python.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "entries.hpp"
#include "fanin/error.hpp"
#include "fanin/names.hpp"
#include "fanin/schedules.hpp"

namespace arrays {

inline fanin::ValueError unknown(const char* kind, const std::string& name) {
  return fanin::ValueError(std::string(kind) + ": there is no " + kind + " \"" + name + "\"");
}

template <class... Entry>
NamedValues described_entry(const std::variant<Entry...>& entry);
template <class Variant, class L>
Variant make_entry(L list, const char* kind, const std::string& name, const py::dict& values);

inline std::size_t checked_count(const char* name, std::size_t count, std::size_t most) {
  if (count >= 1 && count <= most) return count;
  throw fanin::ValueError(std::string(name) + ": expected 1 to " + std::to_string(most) + " values, got " +
                          std::to_string(count));
}

// Sets all fields of an entry from a dict: numbers, lists of numbers, arrays, flags, choices, and other
// entries as NamedValues. A hyper-parameter with a schedule keeps its default.
struct FieldSetter {
  const py::dict& values;
  void operator()(const char* name, double& value, fanin::Allowed) const {
    if (py::isinstance<py::dict>(values[name])) return;
    value = values[name].cast<double>();
  }
  void operator()(const char* name, double& value, const fanin::OrNone&) const {
    value = values[name].is_none() ? 0 : values[name].cast<double>();
  }
  void operator()(const char* name, std::size_t& value, fanin::Allowed) const {
    value = values[name].cast<std::size_t>();
  }
  void operator()(const char* name, std::vector<std::size_t>& numbers, fanin::Allowed) const {
    numbers = values[name].cast<std::vector<std::size_t>>();
  }
  void operator()(const char* name, std::vector<double>& array, fanin::Allowed) const {
    const auto given = values[name].cast<py::array_t<double, py::array::c_style | py::array::forcecast>>();
    array.assign(given.data(), given.data() + given.size());
  }
  void operator()(const char* name, bool& value) const { value = values[name].cast<bool>(); }
  template <class E>
  void operator()(const char* name, E& value, const fanin::Choices& choices) const {
    const auto given = values[name].cast<std::string>();
    std::size_t i = 0;
    while (i < choices.count && given != choices.names[i]) ++i;
    value = static_cast<E>(i);  // out of range for an unknown name: rejected when the rule is checked
  }
  void operator()(const char* name, fanin::Numbers& numbers, fanin::Allowed) const {
    const auto given = values[name].cast<std::vector<double>>();
    numbers.count = checked_count(name, given.size(), fanin::Numbers::most);
    std::copy(given.begin(), given.end(), numbers.value);
  }
  void operator()(const char* name, fanin::Activation& activation) const {
    activation =
        fanin::from_name<fanin::Activation>(fanin::Activations{}, name, values[name].cast<std::string>());
  }
  template <class... Entry>
  void operator()(const char* name, std::variant<Entry...>& entry, fanin::List<Entry...> list) const {
    const auto [given, of_it] = values[name].cast<NamedValues>();
    entry = make_entry<std::variant<Entry...>>(list, name, given, of_it);
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, fanin::ShortList<std::variant<Entry...>, most>& entries,
                  fanin::List<Entry...> list) const {
    const auto given = values[name].cast<std::vector<NamedValues>>();
    entries.count = checked_count(name, given.size(), most);
    std::transform(given.begin(), given.end(), entries.value, [&](const NamedValues& entry) {
      return make_entry<std::variant<Entry...>>(list, name, entry.first, entry.second);
    });
  }
  void operator()(const char* name, std::vector<fanin::Layer>& layers) const {
    layers = arrays::make_layers(values[name].cast<std::vector<NamedValues>>());
  }
  template <class Value>
  void operator()(const char* name, std::optional<Value>& value) const {
    value.reset();
    if (values[name].is_none()) return;
    const auto given = values[name].cast<py::dict>();
    Value::fields(value.emplace(), FieldSetter{given});
  }
};

// Gets the fields of an entry, in the form that FieldSetter expects
struct FieldGetter {
  py::dict& values;
  void operator()(const char* name, double value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, double value, const fanin::OrNone&) const {
    values[name] = value == 0 ? py::object(py::none()) : py::float_(value);
  }
  void operator()(const char* name, std::size_t value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, const std::vector<std::size_t>& numbers, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(numbers));
  }
  void operator()(const char* name, const std::vector<double>& array, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(array));
  }
  void operator()(const char* name, const fanin::Numbers& numbers, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(std::vector<double>(numbers.value, numbers.value + numbers.count)));
  }
  void operator()(const char* name, bool value) const { values[name] = value; }
  template <class E>
  void operator()(const char* name, E value, const fanin::Choices& choices) const {
    values[name] = choices.names[static_cast<std::size_t>(value)];
  }
  void operator()(const char* name, fanin::Activation activation) const {
    values[name] =
        fanin::names_of(fanin::Activations{})[static_cast<std::size_t>(static_cast<int>(activation))];
  }
  template <class... Entry>
  void operator()(const char* name, const std::variant<Entry...>& entry, fanin::List<Entry...>) const {
    values[name] = described_entry(entry);
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, const fanin::ShortList<std::variant<Entry...>, most>& entries,
                  fanin::List<Entry...>) const {
    py::tuple described(entries.count);
    for (std::size_t i = 0; i < entries.count; ++i) described[i] = described_entry(entries.value[i]);
    values[name] = described;
  }
  void operator()(const char* name, const std::vector<fanin::Layer>& layers) const {
    values[name] = arrays::described(layers);
  }
  template <class Value>
  void operator()(const char* name, const std::optional<Value>& value) const {
    values[name] = py::none();
    if (!value) return;
    py::dict of_it;
    Value::fields(*value, FieldGetter{of_it});
    values[name] = of_it;
  }
};

// Name and hyper-parameters of an entry
template <class... Entry>
NamedValues described_entry(const std::variant<Entry...>& entry) {
  return std::visit(
      [](const auto& e) {
        py::dict values;
        e.fields(e, FieldGetter{values});
        return NamedValues(e.name, values);
      },
      entry);
}

// The entry of the list with this name and these hyper-parameters, which must be complete
template <class Variant, class L>
Variant make_entry(L list, const char* kind, const std::string& name, const py::dict& values) {
  Variant entry;
  bool found = false;
  fanin::for_each_type(list, [&](auto type) {
    using Entry = typename decltype(type)::type;
    if (name != Entry::name) return;
    Entry made;
    Entry::fields(made, FieldSetter{values});
    entry = std::move(made);
    found = true;
  });
  if (!found) throw unknown(kind, name);
  return entry;
}

}  // namespace arrays
