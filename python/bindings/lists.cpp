// What the lists of rules, activations, losses and initializers hold, for the Python side to be checked
// against.
#include <pybind11/stl.h>

#include "fanin/activations.hpp"
#include "fanin/initializers.hpp"
#include "fanin/losses.hpp"
#include "fanin/names.hpp"
#include "fanin/rules/all.hpp"
#include "register.hpp"

void register_lists(py::module_& m) {
  m.def("activations", [] { return fanin::names_of(fanin::Activations{}); });
  m.def("losses", [] { return fanin::names_of(fanin::Losses{}); });
  m.def("initializers", [] { return fanin::names_of(fanin::Initializers{}); });
  m.def("rules", [] {
    py::dict rules;
    fanin::for_each_type(fanin::Rules{}, [&](auto entry) {
      using R = typename decltype(entry)::type;
      py::dict defaults;
      const R rule;
      R::fields(rule, [&](const char* name, double value, fanin::Allowed) { defaults[name] = value; });
      rules[R::name] = defaults;
    });
    return rules;
  });
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
      traits[L::name] = py::make_tuple(L::metric, L::takes_labels);
    });
    return traits;
  });
}
