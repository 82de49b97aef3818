// The table of parameters: what a network learns, array by array, and where each lies in the flat buffers.
// All that concerns every array iterates over it: updates, clipping, freezing, rates, files, reading and
// setting, divergence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fanin {

// shift and scale are the beta and gamma of a batch norm
enum class Role { weight, bias, shift, scale, mean, variance };

constexpr bool is_statistic(Role role) { return role == Role::mean || role == Role::variance; }

constexpr const char* name_of(Role role) {
  constexpr const char* names[] = {"weight", "bias", "beta", "gamma", "running_mean", "running_variance"};
  return names[static_cast<std::size_t>(role)];
}

// (rows, columns) as panels, from `offset` on of the buffer of parameters, or of statistics; a vector is one
// row
struct ParameterArray {
  std::size_t layer;       // among the user's layers, or the one of them that it is inside of
  std::string layer_name;  // "layer1", or inside another layer "layer1.layer1"
  Role role;
  std::size_t rows, columns, offset;

  std::string name() const { return layer_name + "." + name_of(role); }
  bool is_vector() const { return role != Role::weight; }
  std::size_t elements() const { return rows * columns; }
  // n_in where there are weights, which decay; else 0
  std::size_t inputs() const { return role == Role::weight ? rows : 0; }
};

struct ParameterTable {
  std::vector<ParameterArray> trained, statistics;  // each in the order of offsets, layer by layer
  std::size_t size = 0, statistics_size = 0;        // of the buffers, padding included

  // Numbers in all trained arrays
  std::size_t elements() const {
    std::size_t sum = 0;
    for (const ParameterArray& array : trained) sum += array.elements();
    return sum;
  }
  // Where the trained array after this one begins
  std::size_t end(std::size_t array) const {
    return array + 1 < trained.size() ? trained[array + 1].offset : size;
  }
  // As users see them: what is trained of a layer, and then its statistics
  std::vector<ParameterArray> in_order() const {
    std::vector<ParameterArray> all;
    auto statistic = statistics.begin();
    for (std::size_t i = 0; i < trained.size(); ++i) {
      all.push_back(trained[i]);
      if (i + 1 < trained.size() && trained[i + 1].layer_name == trained[i].layer_name) continue;
      while (statistic != statistics.end() && statistic->layer_name == trained[i].layer_name)
        all.push_back(*statistic++);
    }
    return all;
  }
};

// The layer of the array that holds the element at `offset`
inline std::size_t layer_at(const std::vector<ParameterArray>& arrays, std::size_t offset) {
  std::size_t i = arrays.size() - 1;
  while (i > 0 && offset < arrays[i].offset) --i;
  return arrays[i].layer;
}

}  // namespace fanin
