#include "files/stored.hpp"

#include <numeric>

namespace fanin {
namespace {

void add_arrays(std::vector<StoredArray>& stored, const std::string& prefix,
                const std::vector<ParameterArray>& arrays, Place place, std::size_t offset) {
  for (const ParameterArray& array : arrays) {
    const Place of_array = is_statistic(array.role) ? Place::statistics : place;
    stored.push_back({prefix + array.name(), array, of_array, offset + array.offset});
  }
}

}  // namespace

std::vector<StoredArray> rule_arrays(const ParameterTable& table, const Method& method) {
  std::vector<StoredArray> stored;
  const Rule rule = largest_of(method);
  const std::vector<std::string> names = slot_names_of(rule);
  for (std::size_t slot = 0; slot < names.size(); ++slot) {
    add_arrays(stored, "rule." + names[slot] + ".", table.trained, Place::slots, slot * table.size);
  }
  if (traits_of(rule).looks_ahead || averages(method)) {
    add_arrays(stored, "rule.trained.", table.trained, Place::trained, 0);
  }
  return stored;
}

std::vector<StoredArray> stored_arrays(const ParameterTable& table, const std::optional<Method>& method) {
  std::vector<StoredArray> stored;
  add_arrays(stored, "", table.in_order(), Place::shown, 0);
  if (!method) return stored;
  const std::vector<StoredArray> of_rule = rule_arrays(table, *method);
  stored.insert(stored.end(), of_rule.begin(), of_rule.end());
  return stored;
}

namespace {

void add_initial_arrays(std::vector<InitialArray>& arrays, const std::string& prefix, std::size_t inputs,
                        std::vector<Layer>& layers) {
  std::vector<std::size_t> inputs_of;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    inputs_of.push_back(inputs);
    const std::string name = prefix + "layer" + std::to_string(l + 1) + ".";
    const auto add = [&](const char* argument, std::vector<std::uint64_t> shape, Initializer& initializer) {
      if (auto* values = std::get_if<Values>(&initializer)) {
        arrays.push_back({name + argument, std::move(shape), values});
      }
    };
    if (auto* residual = std::get_if<Residual>(&layers[l].kind)) {
      add_initial_arrays(arrays, name, inputs, residual->layers);
    }
    if (auto* embedding = std::get_if<Embedding>(&layers[l].kind)) {
      const std::uint64_t rows = std::accumulate(embedding->n.begin(), embedding->n.end(), std::uint64_t{0});
      add("initializer", {rows, embedding->dim}, embedding->initializer);
      inputs = embedding->dim * (embedding->bags ? 1 : inputs);
    }
    if (auto* tied = std::get_if<Tied>(&layers[l].kind)) {
      if (tied->layer > 0 && tied->layer <= l) inputs = inputs_of[tied->layer - 1];
      add("bias_initializer", {inputs}, tied->bias_initializer);
    }
    std::visit(
        [&](auto& layer) {
          if constexpr (requires { layer.initializer, layer.bias_initializer; }) {  // dense or recurrent
            const std::uint64_t units = layer.units;
            add("initializer", {inputs, units}, layer.initializer);
            if constexpr (requires { layer.recurs; }) {
              add("recurrent_initializer", {units, units}, layer.recurrent_initializer);
            }
            add("bias_initializer", {units}, layer.bias_initializer);
            inputs = units;
          }
        },
        layers[l].kind);
  }
}

}  // namespace

std::vector<InitialArray> initial_arrays(std::size_t inputs, std::vector<Layer>& layers) {
  std::vector<InitialArray> arrays;
  add_initial_arrays(arrays, "", inputs, layers);
  return arrays;
}

}  // namespace fanin
