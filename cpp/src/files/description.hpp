// A model file's description of the model, apart from its tensors, as JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fanin/network.hpp"
#include "files/json.hpp"

namespace fanin {

// Files of this and all earlier versions can be read. A change to the meaning of a file needs a new version.
inline constexpr std::uint64_t kFormatVersion = 1;

// What a solver knows, without its vectors
struct SolverProgress {
  WholeBatch method;
  std::vector<double> numbers;
  std::uint64_t vectors = 0;
};

// The state of training: with the arrays, everything the next epoch depends on
struct TrainingProgress {
  std::uint64_t epochs = 0;                // epochs begun: the position in the seed's random streams
  std::vector<double> statistics_weights;  // weight of the running statistics, for each layer with parameters
  std::optional<Method> method;            // the method of the stored state
  std::uint64_t steps = 0, averaged = 0;
  double memory = 0;
  double look_ahead = 0;  // determined by the method and its steps
  std::optional<SolverProgress> solver = {};
};

// What the shapes of an input layer's arrays depend on: columns of X with an indicator, and columns it gives
struct Adapted {
  std::vector<std::uint32_t> indicators;
  std::size_t outputs = 0;
  std::optional<ConditionNumbers> condition = {};
  std::string encoder = {};  // of a layer that codes: a description of its own, as JSON
};

struct Description {
  bool single = true;  // float32, not float64
  std::uint64_t seed = 0;
  std::size_t inputs = 0;
  std::vector<Layer> layers;  // arrays of initializers are still empty
  Loss loss;
  std::map<std::string, std::string> metadata;  // the user's
  ColumnNames column_names;
  bool vector_targets = false;
  TrainingProgress progress;
  std::optional<Adapted> adapted;  // if an input layer has learned
};

void write_description(json::Writer& out, const Description& description);
std::string description_text(const Description& description);

// Each throws ValueError for an invalid description. Only the types of values are checked.
Description read_description(const json::Value& value);
Description read_description(const std::string& text);
// Throws unless this version of fanin can read a file of this version.
void check_version(const json::Value& version);

void write_method(json::Writer& out, const Method& method);

}  // namespace fanin
