#include "files/stored.hpp"

namespace fanin {
namespace {

void add_parameters(std::vector<StoredArray>& arrays, const std::string& prefix,
                    const std::vector<LayerLayout>& layers, Place place, std::size_t offset) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerLayout& layer = layers[l];
    const std::string name = prefix + "layer" + std::to_string(layer.number + 1) + ".";
    if (layer.dense) {
      arrays.push_back({name + "weight", layer.inputs, layer.units, false, place, offset + layer.weights});
    }
    const char* added = layer.batch_norm ? "beta" : "bias";
    arrays.push_back({name + added, 1, layer.units, true, place, offset + layer.biases});
    if (layer.batch_norm) {
      arrays.push_back({name + "gamma", 1, layer.units, true, place, offset + layer.gamma});
    }
    if (!layer.batch_norm || place != Place::shown) continue;
    arrays.push_back({name + "running_mean", 1, layer.units, true, Place::averages, layer.mean});
    arrays.push_back({name + "running_variance", 1, layer.units, true, Place::averages, layer.variance});
  }
}

}  // namespace

template <class T>
std::vector<StoredArray> stored_arrays(const Layout<T>& layout, const std::optional<Method>& method) {
  std::vector<StoredArray> arrays;
  add_parameters(arrays, "", layout.layers, Place::shown, 0);
  if (!method) return arrays;
  const Rule rule = largest_of(*method);
  const std::vector<std::string> names = slot_names_of(rule);
  for (std::size_t slot = 0; slot < names.size(); ++slot) {
    add_parameters(arrays, "rule." + names[slot] + ".", layout.layers, Place::slots, slot * layout.size);
  }
  if (velocity_of(rule) >= 0 || method->average_decay > 0)
    add_parameters(arrays, "rule.trained.", layout.layers, Place::trained, 0);
  return arrays;
}

std::vector<InitialArray> initial_arrays(std::size_t inputs, std::vector<Layer>& layers) {
  std::vector<InitialArray> arrays;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto* dense = std::get_if<Dense>(&layers[l].kind);
    if (dense == nullptr) continue;
    const std::string prefix = "layer" + std::to_string(l + 1) + ".";
    const std::uint64_t units = dense->units;
    if (auto* values = std::get_if<Values>(&dense->initializer)) {
      arrays.push_back({prefix + "initializer", {inputs, units}, values});
    }
    if (auto* values = std::get_if<Values>(&dense->bias_initializer)) {
      arrays.push_back({prefix + "bias_initializer", {units}, values});
    }
    inputs = units;
  }
  return arrays;
}

template std::vector<StoredArray> stored_arrays(const Layout<float>&, const std::optional<Method>&);
template std::vector<StoredArray> stored_arrays(const Layout<double>&, const std::optional<Method>&);

}  // namespace fanin
