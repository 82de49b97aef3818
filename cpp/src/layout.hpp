// Where the parameters of each layer lie in the flat buffer: weight panels, then biases, layer by layer.
#pragma once

#include <vector>

#include "fanin/network.hpp"
#include "kernels/table.hpp"

namespace fanin {

struct LayerLayout {
  std::size_t inputs, units;
  std::size_t weights, biases;  // offsets
  int activation;
  bool needs_input;  // the derivative needs z
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
  std::size_t size = 0;    // of the flat buffer, padding included
  std::size_t widest = 0;  // units or inputs, rounded up to whole panels

  Layout(std::size_t inputs, const std::vector<Dense>& specs) {
    widest = rounded(inputs);
    for (const Dense& spec : specs) {
      LayerLayout layer{inputs, spec.units, size, 0, static_cast<int>(spec.activation), false};
      size += Panels<T>{nullptr, inputs, spec.units}.size();
      layer.biases = size;
      size += Panels<T>{nullptr, 1, spec.units}.size();
      at_place(Activations{}, layer.activation,
               [&](auto entry) { layer.needs_input = decltype(entry)::type::needs_input; });
      layers.push_back(layer);
      inputs = spec.units;
      if (rounded(inputs) > widest) widest = rounded(inputs);
    }
  }

  static std::size_t rounded(std::size_t columns) { return Panels<T>{nullptr, 1, columns}.size(); }

  template <class U>
  static Panels<U> weights(U* parameters, const LayerLayout& layer) {
    return {parameters + layer.weights, layer.inputs, layer.units};
  }
};

}  // namespace fanin
