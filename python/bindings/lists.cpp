// The lists of rules, activations, losses, initializers and layers, against which the Python side is checked.
#include "fields.hpp"

namespace {

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
  void operator()(const char* name, const std::vector<std::size_t>&, fanin::Allowed allowed) const {
    (*this)(name, std::size_t{0}, allowed);
  }
  void operator()(const char* name, const std::vector<double>&, fanin::Allowed allowed) const {
    (*this)(name, 0.0, allowed);
  }
  void operator()(const char* name, const fanin::Numbers&, fanin::Allowed allowed) const {
    py::dict each;
    RangeReader{each}("each", 0.0, allowed);
    ranges[name] = each;
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, const fanin::ShortList<std::variant<Entry...>, most>&,
                  fanin::List<Entry...> list) const {
    ranges[name] = py::dict(py::arg("each") = fanin::names_of(list), py::arg("most") = most);
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
template <class Reader = arrays::FieldGetter, class L>
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
  return arrays::make_entry<fanin::Schedule>(fanin::Schedules{}, "schedule", name, values);
}

template <class Reader = arrays::FieldGetter>
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
  m.def("solver_ranges", [] {
    py::dict all = defaults_of<RangeReader>(fanin::Solvers{});
    for (const auto& [name, ranges] : all) {
      py::dict of_it = py::reinterpret_borrow<py::dict>(ranges);
      RangeReader{of_it}("l2", 0.0, fanin::at_least(0));
    }
    return all;
  });
  m.def("schedules", [] { return defaults_of(fanin::Schedules{}); });
  m.def("schedule_ranges", [] { return defaults_of<RangeReader>(fanin::Schedules{}); });
  m.def("schedule_at", [](const std::string& name, const py::dict& values, std::uint64_t t, double steps) {
    const fanin::Clock clock{t, static_cast<double>(t), steps};
    return fanin::value_at(schedule_of(name, values), clock);
  });
  m.def("schedule_largest", [](const std::string& name, const py::dict& values) {
    return fanin::largest_of(schedule_of(name, values));
  });
  // For each loss: the name of its metric, and whether its targets are labels
  m.def("loss_traits", [] {
    py::dict traits;
    fanin::for_each_type(fanin::Losses{}, [&](auto entry) {
      using L = typename decltype(entry)::type;
      traits[L::name] = py::make_tuple(L::metric, L::kind == fanin::TargetKind::labels);
    });
    return traits;
  });
}
