// Input layers that code each column of X: their encoder has the columns x0, x1, ...
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "data/input_map.hpp"
#include "data/row_sample.hpp"

namespace fanin {

// Learns the code of each column from chunks of rows: that of numbers from a sample of them in their order,
// that of levels from counts. The same rows in other chunks give the same code.
class CodeLearner {
 public:
  CodeLearner(const std::vector<Layer>& layers, std::size_t columns, bool several);

  // Weights are finite and at least 0, and X has the right shape. Returns false: it does not know whether all
  // values are finite or missing.
  template <class W>
  bool add(const Samples& x, const W& weights) {
    std::vector<double> of_rows(rows_of(x), 1.0);
    for (std::size_t i = 0; i < weights.size(); ++i) of_rows[i] = weights[i];
    add_rows(x, of_rows);
    return false;
  }
  // Throws ValueError if there is no row, or no column is left. A single chunk is needed again.
  InputMap learn(const Samples* only = nullptr) const;

 private:
  void add_rows(const Samples& x, const std::vector<double>& weights);
  TableColumn learn_levels(std::size_t column, const OneHot& how) const;
  std::vector<TableColumn> learn_numbers_of(const PiecewiseLinear& how, const Samples* only) const;

  const Layer::Kind kind_;
  const InputLayer layer_;
  const std::size_t columns_;
  std::size_t rows_ = 0;
  RowSample sample_;                                                   // for numbers
  std::vector<std::unordered_map<double, std::size_t>> level_counts_;  // for levels, of each column
};

// Throws ValueError unless it is one that this layer may have learned from so many columns; it may come from
// a file.
void check_code(const TableEncoder& encoder, const std::vector<Layer>& layers, std::size_t columns);

// f(name, values) for all that was learned, such as "x0.knots"
void for_each_learned(const TableEncoder& encoder,
                      const std::function<void(const std::string&, const std::vector<double>&)>& f);

// The samples that the nodes of a network get: coded, if its input layer codes them
class NodeSamples {
 public:
  NodeSamples(const InputMap& map, const Samples& x);
  NodeSamples(const NodeSamples&) = delete;
  NodeSamples& operator=(const NodeSamples&) = delete;
  const Samples& rows() const { return rows_; }

 private:
  CodedTable table_;
  Samples rows_;
};

}  // namespace fanin
