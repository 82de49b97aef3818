// An update rule, a loss or an initializer from its name and hyper-parameters.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fanin/error.hpp"
#include "fanin/network.hpp"
#include "register.hpp"

namespace arrays {

// Sets the fields of an entry, numbers, lists of numbers and arrays, from a dict that has them all
struct FieldSetter {
  const py::dict& values;
  void operator()(const char* name, double& value, fanin::Allowed) const {
    value = values[name].cast<double>();
  }
  void operator()(const char* name, std::size_t& value, fanin::Allowed) const {
    value = values[name].cast<std::size_t>();
  }
  void operator()(const char* name, std::vector<double>& array, fanin::Allowed) const {
    const auto given = values[name].cast<py::array_t<double, py::array::c_style | py::array::forcecast>>();
    array.assign(given.data(), given.data() + given.size());
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
};

// The entry of the list with this name and these hyper-parameters, all of them given
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

}  // namespace arrays
