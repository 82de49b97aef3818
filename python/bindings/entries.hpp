// Converts layers, losses and methods from names and hyper-parameters, and back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fanin/network.hpp"
#include "fanin/solver_training.hpp"
#include "register.hpp"

namespace arrays {

using NamedValues = std::pair<std::string, py::dict>;  // name, hyper-parameters

// These throw ValueError for an unknown name. All hyper-parameters must be present: numbers, lists of
// numbers, arrays, flags, choices, and other entries as NamedValues.
std::vector<fanin::Layer> make_layers(const std::vector<NamedValues>& given);
std::vector<NamedValues> described(const std::vector<fanin::Layer>& layers);
fanin::Loss make_loss(const std::string& name, const py::dict& values);
NamedValues described(const fanin::Loss& loss);
fanin::Batches batches_named(const std::string& name);
// The values of a rule include schedules, as dicts with a "name", and, under "around", what is applied around
// the rule.
fanin::Method make_method(const std::string& name, const py::dict& values);
// A solver from its name and its hyper-parameters, with l2
fanin::WholeBatch make_whole_batch(const std::string& name, const py::dict& values);
NamedValues described(const fanin::WholeBatch& method);
NamedValues described(const fanin::Method& method);

}  // namespace arrays
