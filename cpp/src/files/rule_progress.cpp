// The state of a network's update rule, apart from the network.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/panel_rows.hpp"
#include "base/text.hpp"
#include "files/model_file.hpp"

namespace fanin {
namespace {

template <class T>
Panels<T> panels_in(const StoredArray& stored, T* base) {
  return {base + stored.offset, stored.array.rows, stored.array.columns};
}

template <class T>
const std::vector<T>& values_of(const RuleProgress<T>& progress, const StoredArray& stored) {
  const auto found = progress.arrays.find(stored.name);
  if (found == progress.arrays.end()) throw ValueError(stored.name + ": missing");
  const std::vector<T>& values = found->second;
  if (values.size() != stored.array.elements()) {
    throw ValueError(stored.name + ": expected " + std::to_string(stored.array.elements()) +
                     " elements, got " + std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    // a slot may have overflowed
    if (stored.place == Place::slots ? !std::isnan(values[i]) : std::isfinite(values[i])) continue;
    throw ValueError(stored.name + ": element " + std::to_string(i) + " is " +
                     number_text(static_cast<double>(values[i])));
  }
  return values;
}

template <class T>
void check_progress_of(const Method& method, const RuleProgress<T>& progress, const ParameterTable& table) {
  check_method(method);
  check_arrays(method, table.trained.size());
  if (progress.steps >= std::uint64_t{1} << 53) throw ValueError("steps: expected fewer than 2^53");
  if (progress.averaged > progress.steps) {
    throw ValueError("averaged: expected at most the number of steps, " + std::to_string(progress.steps) +
                     ", got " + std::to_string(progress.averaged));
  }
  const std::vector<StoredArray> expected = rule_arrays(table, method);
  for (const StoredArray& stored : expected) values_of(progress, stored);
  for (const auto& [name, values] : progress.arrays) {
    const auto is_it = [&named = name](const StoredArray& stored) { return stored.name == named; };
    if (std::any_of(expected.begin(), expected.end(), is_it)) continue;
    throw ValueError("arrays: " + std::string(method.rule.name()) + " has no \"" + name + "\"");
  }
}

}  // namespace

template <class T>
RuleProgress<T> Network<T>::rule_progress() const {
  const Access::Reading reading(state_->access);
  const RuleState<T>& rule = state_->state;
  if (!rule.owner) return {};
  RuleProgress<T> progress{rule.steps, rule.memory, rule.averaged};
  for (const StoredArray& stored : rule_arrays(state_->nodes.table, *rule.owner)) {
    std::vector<T>& values = progress.arrays[stored.name];
    values.resize(stored.array.elements());
    for_each_run(panels_in<const T>(stored, ModelFile::base_of(*state_, stored.place)), values.data(),
                 [](const T* from, T* to, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
  }
  return progress;
}

template <class T>
void Network<T>::set_rule_progress(const Method& method, const RuleProgress<T>& progress) {
  State& net = *state_;
  net.check_laid_out();
  const ParameterTable& table = net.nodes.table;
  check_progress_of(method, progress, table);
  const Access::Writing writing(net.access);
  Buffer<T> shown(table.size);
  std::copy_n(net.shown(), table.size, shown.data());
  net.state.resume(method, table);
  std::copy_n(shown.data(), table.size, net.parameters.data());
  if (net.state.shows()) std::copy_n(shown.data(), table.size, net.state.shown.data());
  for (const StoredArray& stored : rule_arrays(table, method)) {
    for_each_run(panels_in<T>(stored, ModelFile::base_of(net, stored.place)),
                 values_of(progress, stored).data(),
                 [](T* to, const T* from, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
  }
  net.state.steps = progress.steps;
  net.state.memory = progress.memory;
  net.state.averaged = progress.averaged;
  net.solver.forget();
  net.fold();
}

template RuleProgress<float> Network<float>::rule_progress() const;
template RuleProgress<double> Network<double>::rule_progress() const;
template void Network<float>::set_rule_progress(const Method&, const RuleProgress<float>&);
template void Network<double>::set_rule_progress(const Method&, const RuleProgress<double>&);

}  // namespace fanin
