// The table of parameters: the arrays that a network learns, and where each lies in the flat buffers.
// Everything that concerns all arrays iterates over it: updates, clipping, freezing, rates, files, getting
// and setting weights, divergence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fanin {

// Shift and scale are beta and gamma of a batch norm. The rows of an embedding are looked up, not multiplied.
enum class Role { weight, recurrent, embedding, bias, recurrent_bias, shift, scale, mean, variance };

constexpr bool is_statistic(Role role) { return role == Role::mean || role == Role::variance; }

constexpr const char* name_of(Role role) {
  constexpr const char* names[] = {"weight", "recurrent",      "weight",
                                   "bias",   "recurrent_bias", "beta",
                                   "gamma",  "running_mean",   "running_variance"};
  return names[static_cast<std::size_t>(role)];
}

// An array (rows, columns), stored as panels at `offset` in the buffer of parameters or of statistics; a
// vector is one row
struct ParameterArray {
  std::size_t layer;       // the user's layer that it is in, 0, 1, ...
  std::string layer_name;  // "layer1", or "layer1.layer1" inside another layer
  Role role;
  std::size_t rows, columns, offset;
  std::string gate = {};  // "forget", ... of a recurrent layer that has several

  std::string name() const { return layer_name + (gate.empty() ? "" : "." + gate) + "." + name_of(role); }
  bool is_multiplied() const { return role == Role::weight || role == Role::recurrent; }
  bool is_vector() const { return !is_multiplied() && role != Role::embedding; }
  std::size_t elements() const { return rows * columns; }
  // n_in for weights, which decay, else 0
  std::size_t inputs() const { return is_multiplied() ? rows : role == Role::embedding ? 1 : 0; }
};

struct ParameterTable {
  std::vector<ParameterArray> trained, statistics;  // each by offset, layer by layer
  std::size_t size = 0, statistics_size = 0;        // of the buffers, including padding

  // The number of values in all trained arrays
  std::size_t elements() const {
    std::size_t sum = 0;
    for (const ParameterArray& array : trained) sum += array.elements();
    return sum;
  }
  // The offset of the next trained array, or the size
  std::size_t end(std::size_t array) const {
    return array + 1 < trained.size() ? trained[array + 1].offset : size;
  }
  // In the order shown to users: a layer's trained arrays, then its statistics
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
