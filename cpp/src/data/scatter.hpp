// Scatter matrices, and what a Whiten makes of them.
#pragma once

#include <vector>

#include "data/input_map.hpp"
#include "ranks/ranks.hpp"

namespace fanin {

// Sum of w (x - mean)(x - mean)' over rows in chunks, about the mean of all rows so far; missing values count
// as that mean.
class Scatter {
 public:
  // `mean` of all rows, these included, is given as `origin` + `offset`; `moved` is how far it has moved.
  void add(const Samples& x, const std::vector<double>& weights, const std::vector<double>& origin,
           const std::vector<double>& offset, const std::vector<double>& moved);
  // Adds up those of all ranks, about the same mean
  void sum(const Ranks& ranks);
  // Sum of weights, and the matrix (columns, columns), of which the lower triangle counts
  double weight() const { return weight_; }
  const std::vector<double>& values() const { return values_; }

 private:
  double weight_ = 0;
  std::vector<double> values_;
};

// Sets the matrix of a Whiten; indicators pass unchanged, after its components.
void set_projection(const Whiten& layer, const Scatter& scatter, InputMap& map);

}  // namespace fanin
