// Converting update rules, losses, initializers and layers to and from names and hyper-parameters.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fanin/error.hpp"
#include "fanin/names.hpp"
#include "fanin/network.hpp"
#include "register.hpp"

namespace arrays {

using NamedValues = std::pair<std::string, py::dict>;  // name, hyper-parameters

template <class... Entry>
NamedValues described(const std::variant<Entry...>& entry);
template <class Variant, class L>
Variant make_entry(L list, const char* kind, const std::string& name, const py::dict& values);
inline std::vector<NamedValues> described(const std::vector<fanin::Layer>& layers);
inline std::vector<fanin::Layer> make_layers(const std::vector<NamedValues>& given);

// Sets all fields of an entry from a dict: numbers, lists of numbers, arrays, flags, choices, and other
// entries as NamedValues. A hyper-parameter with a schedule keeps its default.
struct FieldSetter {
  const py::dict& values;
  void operator()(const char* name, double& value, fanin::Allowed) const {
    if (py::isinstance<py::dict>(values[name])) return;
    value = values[name].cast<double>();
  }
  void operator()(const char* name, std::size_t& value, fanin::Allowed) const {
    value = values[name].cast<std::size_t>();
  }
  void operator()(const char* name, std::vector<double>& array, fanin::Allowed) const {
    const auto given = values[name].cast<py::array_t<double, py::array::c_style | py::array::forcecast>>();
    array.assign(given.data(), given.data() + given.size());
  }
  void operator()(const char* name, bool& value) const { value = values[name].cast<bool>(); }
  template <class E, std::size_t N>
  void operator()(const char* name, E& value, const char* const (&choices)[N]) const {
    const auto given = values[name].cast<std::string>();
    std::size_t i = 0;
    while (i < N && given != choices[i]) ++i;
    value = static_cast<E>(i);  // out of range for an unknown name: rejected when the rule is checked
  }
  void operator()(const char* name, fanin::Numbers& numbers, fanin::Allowed) const {
    const auto given = values[name].cast<std::vector<double>>();
    if (given.empty() || given.size() > fanin::Numbers::most) {
      throw fanin::ValueError(std::string(name) + ": expected 1 to " + std::to_string(fanin::Numbers::most) +
                              " numbers, got " + std::to_string(given.size()));
    }
    std::copy(given.begin(), given.end(), numbers.value);
    numbers.count = given.size();
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
  void operator()(const char* name, std::vector<fanin::Layer>& layers) const {
    layers = make_layers(values[name].cast<std::vector<NamedValues>>());
  }
  template <class Value>
  void operator()(const char* name, std::optional<Value>& value) const {
    value.reset();
    if (values[name].is_none()) return;
    const auto given = values[name].cast<py::dict>();
    Value::fields(value.emplace(), FieldSetter{given});
  }
};

// Gets the fields of an entry, as FieldSetter expects them
struct FieldGetter {
  py::dict& values;
  void operator()(const char* name, double value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, std::size_t value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, const std::vector<double>& array, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(array));
  }
  void operator()(const char* name, const fanin::Numbers& numbers, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(std::vector<double>(numbers.value, numbers.value + numbers.count)));
  }
  void operator()(const char* name, bool value) const { values[name] = value; }
  template <class E, std::size_t N>
  void operator()(const char* name, E value, const char* const (&choices)[N]) const {
    values[name] = choices[static_cast<std::size_t>(value)];
  }
  void operator()(const char* name, fanin::Activation activation) const {
    values[name] =
        fanin::names_of(fanin::Activations{})[static_cast<std::size_t>(static_cast<int>(activation))];
  }
  template <class... Entry>
  void operator()(const char* name, const std::variant<Entry...>& entry, fanin::List<Entry...>) const {
    values[name] = described(entry);
  }
  void operator()(const char* name, const std::vector<fanin::Layer>& layers) const {
    values[name] = described(layers);
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
NamedValues described(const std::variant<Entry...>& entry) {
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
  if (!found) throw fanin::ValueError(std::string(kind) + ": there is no " + kind + " \"" + name + "\"");
  return entry;
}

inline std::vector<NamedValues> described(const std::vector<fanin::Layer>& layers) {
  std::vector<NamedValues> all;
  for (const fanin::Layer& layer : layers) all.push_back(described(layer.kind));
  return all;
}

inline std::vector<fanin::Layer> make_layers(const std::vector<NamedValues>& given) {
  std::vector<fanin::Layer> layers;
  for (const auto& [name, values] : given) {
    layers.push_back(make_entry<fanin::Layer::Kind>(fanin::Layers{}, "layer", name, values));
  }
  return layers;
}

// A rule with its hyper-parameters, with schedules as dicts with a "name", and its options under "around"
inline fanin::Method make_method(const std::string& name, const py::dict& values) {
  fanin::Method method = make_entry<fanin::Rule>(fanin::Rules{}, "rule", name, values);
  const auto schedule = [&values = values](const char* field, std::optional<fanin::Schedule>& to) {
    if (!values.contains(field) || !py::isinstance<py::dict>(values[field])) return;
    const auto given = values[field].cast<py::dict>();
    const auto kind = given["name"].cast<std::string>();
    to = make_entry<fanin::Schedule>(fanin::Schedules{}, "schedule", kind, given);
  };
  schedule("learning_rate", method.learning_rate);
  schedule("momentum", method.momentum);
  if (!values.contains("around")) return method;
  const auto around = values["around"].cast<py::dict>();
  fanin::Method::fields(method, FieldSetter{around});
  for (const auto& [rate_scale, frozen] : around["arrays"].cast<std::vector<std::pair<double, bool>>>()) {
    method.arrays.push_back({rate_scale, frozen});
  }
  return method;
}

// The inverse of make_method
inline NamedValues described(const fanin::Method& method) {
  auto [name, values] = described(method.rule);
  const auto schedule = [&values = values](const char* field, const std::optional<fanin::Schedule>& given) {
    if (!given) return;
    auto [kind, fields] = described(*given);
    fields["name"] = kind;
    values[field] = fields;
  };
  schedule("learning_rate", method.learning_rate);
  schedule("momentum", method.momentum);
  py::dict around;
  fanin::Method::fields(method, FieldGetter{around});
  py::list arrays;
  for (const fanin::ArrayOptions& array : method.arrays) {
    arrays.append(py::make_tuple(array.rate_scale, array.frozen));
  }
  around["arrays"] = arrays;
  values["around"] = around;
  return {name, values};
}

}  // namespace arrays
