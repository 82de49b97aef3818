// How input layers learn.
#pragma once

#include <vector>

#include "data/input_map.hpp"
#include "data/row_sample.hpp"
#include "data/scatter.hpp"

namespace fanin {

// An input layer learns from chunks of rows: means and squares are merged by the formula of Chan, Golub and
// LeVeque 1979, in blocks of 64 rows, in order; quantiles come from a sample of the rows. The same rows in
// other chunks give other blocks, and so means that may differ in their last bits, but the same quantiles.
class InputLearner {
 public:
  // `several` if there may be more than one chunk: the rows of the sample are then copied
  InputLearner(const std::vector<Layer>& layers, std::size_t columns, bool several);

  // Weights are finite and at least 0, and X has the right shape. Returns whether its values are in order: if
  // not, some may be infinite, or missing although the layer does not accept that.
  template <class W>
  bool add(const Samples& x, const W& weights) {
    return add_rows(x, of_rows(x, weights));
  }
  // Instead of chunks, the rows of each of several ranks, in the order of the ranks
  template <class W>
  void add(const Ranks& ranks, const Samples& x, const W& weights) {
    add_rows_of_all(ranks, x, of_rows(x, weights));
  }
  // Throws ValueError if there is no row, or a column has only missing values, or its mean or variance
  // overflows. A single chunk is needed again.
  InputMap learn(const Samples* only = nullptr) const;

 private:
  template <class W>
  static std::vector<double> of_rows(const Samples& x, const W& weights) {
    std::vector<double> of_rows(rows_of(x), 1.0);
    for (std::size_t i = 0; i < weights.size(); ++i) of_rows[i] = weights[i];
    return of_rows;
  }
  void add_rows_of_all(const Ranks& ranks, const Samples& x, const std::vector<double>& weights);
  void merge_moments(const Ranks& ranks);
  bool add_rows(const Samples& x, const std::vector<double>& weights);
  bool add_moments(const Samples& x, const std::vector<double>& weights);
  void check() const;
  void learn_columns(InputMap& map, Range columns, const Samples* only) const;
  void learn_column(InputMap& map, std::size_t j, const double* of_sample, std::size_t stride) const;

  const Layer::Kind kind_;
  const InputLayer layer_;
  const std::size_t columns_;
  const bool samples_, quantiles_alone_;
  // Of each column: its first value that is not missing, and the moments of the differences from it
  std::vector<double> origin_, weight_, mean_, squares_;
  std::vector<char> has_missing_;
  std::size_t rows_ = 0;
  RowSample sample_;
  Scatter scatter_;  // for a projection
};

}  // namespace fanin
