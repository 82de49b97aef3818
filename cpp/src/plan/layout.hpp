// Stages are what a step goes through: dense layers, with or without batch norm, and batch norms by
// themselves. A dropout belongs to the stage before it, or to the inputs. Here is where the parameters of
// each stage lie in the flat buffer: weight panels, then biases, or beta and gamma, stage by stage.
#pragma once

#include <algorithm>
#include <vector>

#include "base/buffer.hpp"
#include "fanin/network.hpp"
#include "kernels/table.hpp"
#include "rules/parameters.hpp"

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
  ParameterTable table;
  std::size_t widest = 0;  // units or inputs, rounded up to whole panels

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
    table.size = row_length<T>(table.size);
  }

  bool has_batch_norm() const { return !table.statistics.empty(); }

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
  // Here alone is the order of a layer's arrays: weight, bias or beta, gamma; mean, variance.
  void add(LayerLayout layer) {
    const auto parameters = [&](Role role, std::size_t rows) {
      std::vector<ParameterArray>& arrays = is_statistic(role) ? table.statistics : table.trained;
      std::size_t& size = is_statistic(role) ? table.statistics_size : table.size;
      arrays.push_back({layer.number, role, rows, layer.units, size});
      size += Panels<T>{nullptr, rows, layer.units}.size();
      return arrays.back().offset;
    };
    if (layer.dense) layer.weights = parameters(Role::weight, layer.inputs);
    layer.biases = parameters(layer.batch_norm ? Role::shift : Role::bias, 1);
    if (layer.batch_norm) {
      layer.gamma = parameters(Role::scale, 1);
      layer.mean = parameters(Role::mean, 1);
      layer.variance = parameters(Role::variance, 1);
    }
    at_place(Activations{}, layer.activation,
             [&](auto entry) { layer.needs_input = decltype(entry)::type::needs_input; });
    layers.push_back(layer);
    widest = std::max(widest, rounded(layer.units));
  }
};

}  // namespace fanin
