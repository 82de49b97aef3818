// Where the parameters of each layer lie in the flat buffer: weight panels, then biases, or beta and gamma,
// layer by layer.
#pragma once

#include <vector>

#include "fanin/network.hpp"
#include "kernels/table.hpp"

namespace fanin {

struct LayerLayout {
  std::size_t inputs, units;
  std::size_t weights, biases;  // offsets; with batch norm beta is in the place of biases
  int activation;
  bool needs_input;  // the derivative needs z
  std::optional<BatchNorm> batch_norm;
  std::size_t gamma, mean, variance;  // offsets: among the parameters, and in the buffer of averages
};

// Calls f(Type<Entry>) for the entry of the list at this place
template <class L, class F>
void at_place(L list, int place, F&& f) {
  int i = 0;
  for_each_type(list, [&](auto entry) {
    if (i++ == place) f(entry);
  });
}

template <class T>
struct Layout {
  std::vector<LayerLayout> layers;
  std::size_t size = 0;      // of the flat buffer, padding included
  std::size_t averages = 0;  // size of the buffer of averages
  std::size_t widest = 0;    // units or inputs, rounded up to whole panels

  Layout(std::size_t inputs, const std::vector<Dense>& specs) {
    widest = rounded(inputs);
    for (const Dense& spec : specs) {
      LayerLayout layer{inputs, spec.units,      size, 0, static_cast<int>(spec.activation),
                        false,  spec.batch_norm, 0,    0, 0};
      size += Panels<T>{nullptr, inputs, spec.units}.size();
      layer.biases = size;
      size += rounded(spec.units);
      if (spec.batch_norm) {
        layer.gamma = size;
        layer.mean = averages;
        layer.variance = averages + rounded(spec.units);
        size += rounded(spec.units);
        averages += 2 * rounded(spec.units);
      }
      at_place(Activations{}, layer.activation,
               [&](auto entry) { layer.needs_input = decltype(entry)::type::needs_input; });
      layers.push_back(layer);
      inputs = spec.units;
      if (rounded(inputs) > widest) widest = rounded(inputs);
    }
  }

  // arrays of parameters
  std::size_t arrays() const {
    std::size_t sum = 0;
    for (const LayerLayout& layer : layers) sum += layer.batch_norm ? 3 : 2;
    return sum;
  }
  bool has_batch_norm() const { return averages > 0; }

  static std::size_t rounded(std::size_t columns) { return Panels<T>{nullptr, 1, columns}.size(); }

  template <class U>
  static Panels<U> weights(U* parameters, const LayerLayout& layer) {
    return {parameters + layer.weights, layer.inputs, layer.units};
  }
};

}  // namespace fanin
