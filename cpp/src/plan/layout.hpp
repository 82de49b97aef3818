// Stages are what a step goes through: dense layers, with or without batch norm, and batch norms by
// themselves. A dropout belongs to the stage before it, or to the inputs. Here is where the parameters of
// each stage lie in the flat buffer: weight panels, then biases, or beta and gamma, stage by stage.
#pragma once

#include <vector>

#include "base/buffer.hpp"
#include "fanin/network.hpp"
#include "kernels/table.hpp"

namespace fanin {

struct LayerDropout {
  std::size_t number;  // among the user's layers
  double rate;
};

struct LayerLayout {
  std::size_t number;  // among the user's layers, as it is called
  bool dense;          // or only a batch norm, which has no weights
  std::size_t inputs, units;
  std::size_t weights, biases;  // offsets; with batch norm beta is in the place of biases
  int activation;
  bool needs_input;  // the derivative needs z
  std::optional<BatchNorm> batch_norm;
  std::size_t gamma, mean, variance;  // offsets: among the parameters, and in the buffer of averages
  std::optional<LayerDropout> dropout;
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
  std::optional<LayerDropout> input_dropout;
  std::size_t size = 0;      // of the flat buffer, padding included
  std::size_t averages = 0;  // size of the buffer of averages
  std::size_t widest = 0;    // units or inputs, rounded up to whole panels

  Layout(std::size_t inputs, const std::vector<Layer>& specs) {
    widest = rounded(inputs);
    for (std::size_t number = 0; number < specs.size(); ++number) {
      const std::size_t before = layers.empty() ? inputs : layers.back().units;
      if (const auto* dense = std::get_if<Dense>(&specs[number].kind)) {
        add({number,
             true,
             before,
             dense->units,
             0,
             0,
             static_cast<int>(dense->activation),
             false,
             dense->batch_norm,
             0,
             0,
             0,
             {}});
      } else if (const auto* norm = std::get_if<BatchNorm>(&specs[number].kind)) {
        constexpr int none = static_cast<int>(activation<Identity>);
        add({number, false, before, before, 0, 0, none, false, *norm, 0, 0, 0, {}});
      } else if (const auto* dropout = std::get_if<Dropout>(&specs[number].kind)) {
        (layers.empty() ? input_dropout : layers.back().dropout) = LayerDropout{number, dropout->rate};
      }
    }
    size = row_length<T>(size);
  }

  // arrays of parameters
  std::size_t arrays() const {
    std::size_t sum = 0;
    for (const LayerLayout& layer : layers) sum += (layer.dense ? 1 : 0) + (layer.batch_norm ? 2 : 1);
    return sum;
  }
  bool has_batch_norm() const { return averages > 0; }

  // The stage of one of the user's layers; none for a dropout
  const LayerLayout* stage_of(std::size_t number) const {
    for (const LayerLayout& layer : layers) {
      if (layer.number == number) return &layer;
    }
    return nullptr;
  }

  static std::size_t rounded(std::size_t columns) { return Panels<T>{nullptr, 1, columns}.size(); }

  template <class U>
  static Panels<U> weights(U* parameters, const LayerLayout& layer) {
    return {parameters + layer.weights, layer.inputs, layer.units};
  }

 private:
  void add(LayerLayout layer) {
    const std::size_t columns = rounded(layer.units);
    layer.weights = size;
    if (layer.dense) size += Panels<T>{nullptr, layer.inputs, layer.units}.size();
    layer.biases = size;
    size += columns;
    if (layer.batch_norm) {
      layer.gamma = size;
      layer.mean = averages;
      layer.variance = averages + columns;
      size += columns;
      averages += 2 * columns;
    }
    at_place(Activations{}, layer.activation,
             [&](auto entry) { layer.needs_input = decltype(entry)::type::needs_input; });
    layers.push_back(layer);
    if (columns > widest) widest = columns;
  }
};

}  // namespace fanin
