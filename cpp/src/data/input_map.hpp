// What an input layer has learned: a map of the rows of X.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/gather.hpp"
#include "data/id_columns.hpp"
#include "fanin/network.hpp"
#include "fanin/table_encoder.hpp"

namespace fanin {

// What users and model files call an array of the first layer
inline std::string learned_name(const char* array) { return std::string("layer1.") + array; }

// Columns that are gathered from a row, and those that the next layer gets, after a projection
struct InputWidths {
  std::size_t gathered, outputs;
  InputWidths(std::size_t columns) : gathered(columns), outputs(columns) {}
  InputWidths(std::size_t columns, std::size_t projected) : gathered(columns), outputs(projected) {}
  bool operator==(const InputWidths&) const = default;
};

// Empty until the layer has learned. Arrays for columns are padded with zeros to whole panels of what is
// gathered: X and indicators.
struct InputMap {
  ColumnMap::Kind kind = ColumnMap::Kind::none;
  bool projects = false;
  std::size_t columns = 0;  // of X
  std::vector<std::uint32_t> indicators;
  std::size_t outputs = 0;
  std::vector<double> centre, scale, fill;
  std::vector<double> knots, scores;  // (columns, kKnots)
  std::vector<double> matrix;         // (gathered, outputs)
  std::optional<ConditionNumbers> condition;
  std::optional<TableEncoder> encoder;  // of the columns x0, x1, ...: rows are coded before they are gathered

  InputWidths widths() const {
    return encoder ? InputWidths(outputs) : InputWidths(columns + indicators.size(), outputs);
  }
  // Sizes the arrays, with zeros
  void allocate();
  ColumnMap view() const;

  // f(name, values, shape) for each array that this kind has, in the order of model files
  template <class Self, class F>
  static void arrays(Self& self, F&& f) {
    using Shape = std::vector<std::uint64_t>;
    const Shape of_columns{self.columns}, of_knots{self.columns, ColumnMap::kKnots};
    if (self.kind == ColumnMap::Kind::none) return;
    const bool quantiles = self.kind == ColumnMap::Kind::quantiles;
    if (!quantiles) f("centre", self.centre, of_columns);
    if (!quantiles) f("scale", self.scale, of_columns);
    f("fill", self.fill, of_columns);
    if (quantiles) f("knots", self.knots, of_knots);
    if (quantiles) f("scores", self.scores, of_knots);
    if (self.projects) f("matrix", self.matrix, Shape{self.widths().gathered, self.outputs});
  }
};

// A network's input layer; without one, X is gathered as it is
struct InputLayer {
  bool exists = false, allows_missing = false, indicates = false;
  bool projects = false;
  bool codes = false;
  bool turns = false;          // its outputs have no fixed directions
  std::size_t components = 0;  // of a projection, if their number is given
  bool share = false;          // or depends on the data
  ColumnMap::Kind kind = ColumnMap::Kind::none;
  InputMap map;
  std::optional<IdColumns> ids;  // of an embedding, which reads X by itself

  InputLayer() = default;
  explicit InputLayer(const std::vector<Layer>& layers);

  bool learned() const { return !exists || map.columns != 0; }
  // Whether `widths` do not depend on what is still to be learned
  bool has_widths() const { return learned() || (!indicates && !share && !codes); }
  // For this many columns of X; before the layer has learned, without what data may add or remove
  InputWidths widths(std::size_t columns) const;
  // A map without arrays
  InputMap new_map(std::size_t columns, std::vector<std::uint32_t> indicators, std::size_t outputs) const {
    return {kind, projects, columns, std::move(indicators), outputs, {}, {}, {}, {}, {}, {}, {}, {}};
  }
  ColumnMap columns() const { return map.view(); }

 private:
  template <class Kind>
  void read(const Kind& layer);
  template <class Kind>
  void read_map(const Kind& layer);
};

}  // namespace fanin
