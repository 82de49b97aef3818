#include "entries.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "fanin/error.hpp"
#include "fanin/names.hpp"
#include "register.hpp"

using arrays::NamedValues;

namespace {

fanin::ValueError unknown(const char* kind, const std::string& name) {
  return fanin::ValueError(std::string(kind) + ": there is no " + kind + " \"" + name + "\"");
}

template <class... Entry>
NamedValues described_entry(const std::variant<Entry...>& entry);
template <class Variant, class L>
Variant make_entry(L list, const char* kind, const std::string& name, const py::dict& values);

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
  template <class E>
  void operator()(const char* name, E& value, const fanin::Choices& choices) const {
    const auto given = values[name].cast<std::string>();
    std::size_t i = 0;
    while (i < choices.count && given != choices.names[i]) ++i;
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

// The range of a field: (low, high, whether low is open, whether high is open), (int, lowest) for integers,
// {"each": range} for several numbers, bool, a list of names, or a dict of ranges for a value with its own
// fields
struct RangeReader {
  py::dict& ranges;
  void operator()(const char* name, double, fanin::Allowed allowed) const {
    ranges[name] = py::make_tuple(allowed.low, allowed.high, allowed.open_low, allowed.open_high);
  }
  void operator()(const char* name, std::size_t, fanin::Allowed allowed) const {
    ranges[name] = py::make_tuple(py::type::of(py::int_(0)), static_cast<std::size_t>(allowed.low));
  }
  void operator()(const char* name, const std::vector<double>&, fanin::Allowed allowed) const {
    (*this)(name, 0.0, allowed);
  }
  void operator()(const char* name, const fanin::Numbers&, fanin::Allowed allowed) const {
    py::dict each;
    RangeReader{each}("each", 0.0, allowed);
    ranges[name] = each;
  }
  void operator()(const char* name, bool) const { ranges[name] = py::type::of(py::bool_(true)); }
  template <class E>
  void operator()(const char* name, E, const fanin::Choices& choices) const {
    ranges[name] = py::cast(std::vector<std::string>(choices.names, choices.names + choices.count));
  }
  void operator()(const char* name, fanin::Activation) const {
    ranges[name] = fanin::names_of(fanin::Activations{});
  }
  template <class... Entry>
  void operator()(const char* name, const std::variant<Entry...>&, fanin::List<Entry...> list) const {
    ranges[name] = fanin::names_of(list);
  }
  void operator()(const char* name, const std::vector<fanin::Layer>&) const {
    ranges[name] = fanin::names_of(fanin::Layers{});
  }
  template <class Value>
  void operator()(const char* name, const std::optional<Value>&) const {
    py::dict of_it;
    const Value value;
    Value::fields(value, RangeReader{of_it});
    ranges[name] = of_it;
  }
};

// name -> hyper-parameter -> default, or range, for each entry of a list
template <class Reader = FieldGetter, class L>
py::dict defaults_of(L list) {
  py::dict all;
  fanin::for_each_type(list, [&](auto type) {
    using Entry = typename decltype(type)::type;
    py::dict values;
    const Entry entry;
    Entry::fields(entry, Reader{values});
    all[Entry::name] = values;
  });
  return all;
}

fanin::Schedule schedule_of(const std::string& name, const py::dict& values) {
  return make_entry<fanin::Schedule>(fanin::Schedules{}, "schedule", name, values);
}

template <class Reader = FieldGetter>
py::dict defaults_of_rules() {
  py::dict all;
  for (const std::string& name : fanin::Rule::names()) {
    py::dict values;
    const fanin::Rule rule = *fanin::Rule::named(name);
    fanin::Rule::fields(rule, Reader{values});
    all[name.c_str()] = values;
  }
  return all;
}

}  // namespace

namespace arrays {

std::vector<NamedValues> described(const std::vector<fanin::Layer>& layers) {
  std::vector<NamedValues> all;
  for (const fanin::Layer& layer : layers) all.push_back(described_entry(layer.kind));
  return all;
}

std::vector<fanin::Layer> make_layers(const std::vector<NamedValues>& given) {
  std::vector<fanin::Layer> layers;
  for (const auto& [name, values] : given) {
    layers.push_back(make_entry<fanin::Layer::Kind>(fanin::Layers{}, "layer", name, values));
  }
  return layers;
}

fanin::Loss make_loss(const std::string& name, const py::dict& values) {
  return make_entry<fanin::Loss>(fanin::Losses{}, "loss", name, values);
}
NamedValues described(const fanin::Loss& loss) { return described_entry(loss); }

fanin::Method make_method(const std::string& name, const py::dict& values) {
  std::optional<fanin::Rule> rule = fanin::Rule::named(name);
  if (!rule) throw unknown("rule", name);
  fanin::Rule::fields(*rule, FieldSetter{values});
  fanin::Method method = *rule;
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

NamedValues described(const fanin::Method& method) {
  py::dict values;
  fanin::Rule::fields(method.rule, FieldGetter{values});
  const auto schedule = [&values = values](const char* field, const std::optional<fanin::Schedule>& given) {
    if (!given) return;
    auto [kind, fields] = described_entry(*given);
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
  return {method.rule.name(), values};
}

}  // namespace arrays

void register_lists(py::module_& m) {
  m.def("activations", [] { return fanin::names_of(fanin::Activations{}); });
  m.def("losses", [] { return defaults_of(fanin::Losses{}); });
  m.def("initializers", [] { return defaults_of(fanin::Initializers{}); });
  m.def("loss_ranges", [] { return defaults_of<RangeReader>(fanin::Losses{}); });
  m.def("initializer_ranges", [] { return defaults_of<RangeReader>(fanin::Initializers{}); });
  m.def("layers", [] { return defaults_of(fanin::Layers{}); });
  m.def("layer_ranges", [] { return defaults_of<RangeReader>(fanin::Layers{}); });
  m.def("rules", [] { return defaults_of_rules(); });
  m.def("rule_ranges", [] { return defaults_of_rules<RangeReader>(); });
  m.def("schedules", [] { return defaults_of(fanin::Schedules{}); });
  m.def("schedule_ranges", [] { return defaults_of<RangeReader>(fanin::Schedules{}); });
  m.def("schedule_at", [](const std::string& name, const py::dict& values, std::uint64_t t) {
    return std::visit([t](const auto& s) { return s.at(t); }, schedule_of(name, values));
  });
  m.def("schedule_largest", [](const std::string& name, const py::dict& values) {
    return std::visit([](const auto& s) { return s.largest(); }, schedule_of(name, values));
  });
  // for each loss, the name of its metric and whether its targets are labels
  m.def("loss_traits", [] {
    py::dict traits;
    fanin::for_each_type(fanin::Losses{}, [&](auto entry) {
      using L = typename decltype(entry)::type;
      traits[L::name] = py::make_tuple(L::metric, L::kind == fanin::TargetKind::labels);
    });
    return traits;
  });
}
