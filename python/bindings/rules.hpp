// Update rules that come from Python.
#pragma once

#include <string>

#include "fanin/error.hpp"
#include "fanin/rule.hpp"
#include "register.hpp"

// The rule of this name with these hyper-parameters, all of them given
inline fanin::Rule make_rule(const std::string& name, const py::dict& values) {
  fanin::Rule rule;
  bool found = false;
  fanin::for_each_type(fanin::Rules{}, [&](auto entry) {
    using R = typename decltype(entry)::type;
    if (name != R::name) return;
    R made;
    R::fields(made, [&](const char* field, double& value, fanin::Allowed) {
      value = values[field].template cast<double>();
    });
    rule = made;
    found = true;
  });
  if (!found) throw fanin::ValueError("rule: there is no update rule \"" + name + "\"");
  return rule;
}
