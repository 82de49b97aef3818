// The arrays of a model file: their names and shapes, and where they lie in a network.
#pragma once

#include <string>
#include <vector>

#include "fanin/network.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

enum class Place { shown, trained, averages, slots };

// An array of the table, or what is kept beside it, at an offset of the place's buffer
struct StoredArray {
  std::string name;
  ParameterArray array;
  Place place;
  std::size_t offset;
};

// "layer1.weight", ..., as they are shown; and of a rule "rule.v.layer1.weight", ... for each slot, and
// "rule.trained.layer1.weight", ... where those trained are not those shown: a rule looks ahead, or weights
// are averaged
std::vector<StoredArray> stored_arrays(const ParameterTable& table, const std::optional<Method>& method);

inline std::vector<std::uint64_t> shape_of(const ParameterArray& array) {
  if (array.is_vector()) return {array.columns};
  return {array.rows, array.columns};
}

// An initializer that is an array: "layer1.initializer", "layer1.bias_initializer"
struct InitialArray {
  std::string name;
  std::vector<std::uint64_t> shape;
  Values* values;
};
std::vector<InitialArray> initial_arrays(std::size_t inputs, std::vector<Layer>& layers);

}  // namespace fanin
