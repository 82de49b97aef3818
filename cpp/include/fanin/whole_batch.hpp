// What trains a network on all samples at once.
#pragma once

#include <concepts>

#include "fanin/solvers/all.hpp"

namespace fanin {

// A solver for the weights, and the penalty in what it minimizes: E(w) + l2/2 |W|^2, over weights, not biases
struct WholeBatch {
  Solver solver;
  double l2 = 0;

  template <class S>
    requires std::convertible_to<S, Solver>
  WholeBatch(const S& some_solver, double penalty = 0) : solver(some_solver), l2(penalty) {}

  friend bool operator==(const WholeBatch&, const WholeBatch&) = default;
};

}  // namespace fanin
