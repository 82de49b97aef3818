// What an input layer has learned: a map of each column of X.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/gather.hpp"
#include "fanin/layers/all.hpp"

namespace fanin {

// What users and model files call an array of the first layer
inline std::string learned_name(const char* array) { return std::string("layer1.") + array; }

// Empty until the layer has learned; one value for each column, padded with zeros to whole panels
struct InputMap {
  std::vector<double> centre, scale, fill;

  InputMap() = default;
  explicit InputMap(std::size_t columns) : centre(padded(columns)), scale(centre), fill(centre) {}
  static std::size_t padded(std::size_t columns) { return (columns + kWidest - 1) / kWidest * kWidest; }

  // The arrays by name, in the order of model files
  template <class Self, class F>
  static void arrays(Self& self, F&& f) {
    f("centre", self.centre);
    f("scale", self.scale);
    f("fill", self.fill);
  }

 private:
  static constexpr std::size_t kWidest = kPanel<float>;
};

// A network's input layer; without one, X is gathered as it is
struct InputLayer {
  bool exists = false, allows_missing = false, squashed = false;
  InputMap map;

  InputLayer() = default;
  explicit InputLayer(const std::vector<Layer>& layers) {
    if (layers.empty()) return;
    std::visit(
        [&]<class Kind>(const Kind& kind) {
          if constexpr (requires { Kind::of_inputs; }) {
            exists = true;
            allows_missing = kind.missing != Missing::error;
            squashed = std::is_same_v<Kind, RobustScale>;
          }
        },
        layers[0].kind);
  }

  bool learned() const { return !exists || !map.centre.empty(); }
  ColumnMap columns() const {
    if (!exists) return {};
    return {map.centre.data(), map.scale.data(), map.fill.data(), squashed};
  }
};

// An input layer learns from chunks of rows: means and squares are merged by the formula of Chan, Golub and
// LeVeque 1979, in blocks of 64 rows, in order; quantiles come from the rows of least priority, a random
// number that depends only on the position of the row. The same rows in other chunks give other blocks, and
// so means that may differ in their last bits, but the same quantiles.
class InputLearner {
 public:
  // `several` if there may be more than one chunk: the rows of the sample are then copied
  InputLearner(const std::vector<Layer>& layers, std::size_t columns, bool several);

  // Weights are finite and at least 0, and X has the right shape. Returns whether its values are in order: if
  // not, some may be infinite, or missing although the layer does not accept that.
  template <class W>
  bool add(const Samples& x, const W& weights);
  // Throws ValueError if there is no row, or a column has only missing values, or its mean or variance
  // overflows. A single chunk is needed again.
  InputMap learn(const Samples* only = nullptr) const;

 private:
  struct Row {
    std::uint64_t priority;
    std::size_t row;
    double weight;
    std::vector<double> values;  // a copy, if there may be more chunks
  };
  bool add_moments(const Samples& x, const std::vector<double>& weights);
  void add_to_sample(const Samples& x, const std::vector<double>& weights);

  const Layer::Kind layer_;
  const std::size_t columns_;
  const bool several_, missing_, samples_;
  // Of each column: its first value that is not missing, and the moments of the differences from it
  std::vector<double> origin_, weight_, mean_, squares_;
  std::size_t rows_ = 0;
  std::vector<Row> sample_;
};

template <class W>
bool InputLearner::add(const Samples& x, const W& weights) {
  std::vector<double> of_rows(rows_of(x), 1.0);
  for (std::size_t i = 0; i < weights.size(); ++i) of_rows[i] = weights[i];
  const bool in_order = add_moments(x, of_rows);
  if (samples_) add_to_sample(x, of_rows);
  rows_ += of_rows.size();
  return in_order;
}

}  // namespace fanin
