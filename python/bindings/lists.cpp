// What the lists of rules, activations, losses and initializers hold, for the Python side to be checked
// against.
#include <pybind11/stl.h>

#include "fanin/activations.hpp"
#include "fanin/initializers.hpp"
#include "fanin/losses.hpp"
#include "fanin/names.hpp"
#include "fanin/rules/all.hpp"
#include "register.hpp"

namespace {

struct FieldReader {
  py::dict& values;
  void operator()(const char* name, double value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, std::size_t value, fanin::Allowed) const { values[name] = value; }
  void operator()(const char* name, const std::vector<double>& array, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(array));
  }
  void operator()(const char* name, const fanin::Numbers& numbers, fanin::Allowed) const {
    values[name] = py::tuple(py::cast(std::vector<double>(numbers.value, numbers.value + numbers.count)));
  }
};

// name -> hyper-parameter -> default, for each entry of a list
template <class L>
py::dict defaults_of(L list) {
  py::dict all;
  fanin::for_each_type(list, [&](auto type) {
    using Entry = typename decltype(type)::type;
    py::dict values;
    const Entry entry;
    Entry::fields(entry, FieldReader{values});
    all[Entry::name] = values;
  });
  return all;
}

}  // namespace

void register_lists(py::module_& m) {
  m.def("activations", [] { return fanin::names_of(fanin::Activations{}); });
  m.def("losses", [] { return defaults_of(fanin::Losses{}); });
  m.def("initializers", [] { return defaults_of(fanin::Initializers{}); });
  m.def("rules", [] { return defaults_of(fanin::Rules{}); });
  // of each rule: the names of its state arrays
  m.def("slot_names", [] {
    py::dict names;
    fanin::for_each_type(fanin::Rules{}, [&](auto entry) {
      using R = typename decltype(entry)::type;
      names[R::name] = fanin::slot_names_of<R>();
    });
    return names;
  });
  // of each loss: the name of its metric, and whether its targets are labels
  m.def("loss_traits", [] {
    py::dict traits;
    fanin::for_each_type(fanin::Losses{}, [&](auto entry) {
      using L = typename decltype(entry)::type;
      traits[L::name] = py::make_tuple(L::metric, L::kind == fanin::TargetKind::labels);
    });
    return traits;
  });
}
