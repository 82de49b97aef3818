// The arrays of a model file: their names, shapes and locations in a network.
#pragma once

#include <string>
#include <vector>

#include "fanin/network.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

enum class Place { shown, trained, statistics, slots };

// An array of the table, or of the state, at an offset of the buffer of its place
struct StoredArray {
  std::string name;
  ParameterArray array;
  Place place;
  std::size_t offset;
};

// "layer1.weight", ..., as predictions use them; "rule.v.layer1.weight", ... for each slot of a rule; and
// "rule.trained.layer1.weight", ... if the trained weights differ from those used for predictions: if a rule
// looks ahead, or weights are averaged
std::vector<StoredArray> stored_arrays(const ParameterTable& table, const std::optional<Method>& method);
// Those of the rule alone
std::vector<StoredArray> rule_arrays(const ParameterTable& table, const Method& method);

// What a solver knows: vectors (n, weights), each of all trained arrays one after the other
inline constexpr const char* kSolverTensor = "solver.vectors";

inline std::vector<std::uint64_t> shape_of(const ParameterArray& array) {
  if (array.is_vector()) return {array.columns};
  return {array.rows, array.columns};
}

// An array used as an initializer: "layer1.initializer", "layer1.bias_initializer"
struct InitialArray {
  std::string name;
  std::vector<std::uint64_t> shape;
  Values* values;
};
std::vector<InitialArray> initial_arrays(std::size_t inputs, std::vector<Layer>& layers);

}  // namespace fanin
