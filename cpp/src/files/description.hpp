// What a model file says of a model beside its tensors, as JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fanin/network.hpp"
#include "files/json.hpp"

namespace fanin {

// Files of this version and of all before it are read. What changes the meaning of a file needs the next one.
inline constexpr std::uint64_t kFormatVersion = 1;

// Where training stands: with the arrays, all that the next epoch depends on
struct TrainingProgress {
  std::uint64_t epochs = 0;             // begun: the place in the random orders of the seed
  std::vector<double> average_weights;  // of batch norm's averages, of each layer with parameters
  std::optional<Method> method;         // whose state there is
  std::uint64_t steps = 0, averaged = 0;
  double memory = 0;
  double look_ahead = 0;  // follows from the method and its steps
};

struct Description {
  bool single = true;  // float32, not float64
  std::uint64_t seed = 0;
  std::size_t inputs = 0;
  std::vector<Layer> layers;  // initializers that are arrays have none yet
  Loss loss;
  std::map<std::string, std::string> metadata;  // the user's own
  ColumnNames column_names;
  TrainingProgress progress;
};

std::string description_text(const Description& description);

// Throws ValueError for what is not one. Values are not checked but for their kind.
Description read_description(const std::string& text);

void write_method(json::Writer& out, const Method& method);

}  // namespace fanin
