// Training by solvers, on all samples at once.
#pragma once

#include <concepts>
#include <memory>

#include "fanin/minimize.hpp"
#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// A solver for the weights, and the penalty in what it minimizes: E(w) + l2/2 |W|^2, over weights, not biases
struct WholeBatch {
  Solver solver;
  double l2 = 0;

  template <class S>
    requires std::convertible_to<S, Solver>
  WholeBatch(const S& some_solver, double penalty = 0) : solver(some_solver), l2(penalty) {}
};

// Like Training, with an iteration of a solver for an epoch. What a solver knows of the curvature stays from
// call to call, but is lost with another solver, and if the network's weights were set in between.
template <class T>
class SolverTraining {
 public:
  // Of the options, those of batches have no effect. Throws ValueError as Training does, and for batch norm
  // and dropout.
  SolverTraining(Network<T>& network, const Samples& x, const Targets& y, TrainingOptions options = {},
                 SampleWeights weights = {});
  ~SolverTraining();

  // One iteration. The loss is that after it, without the penalty. Throws ValueError, BusyError, and
  // DivergedError if the loss is not finite at the start.
  EpochResult epoch(const WholeBatch& method);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class SolverTraining<float>;
extern template class SolverTraining<double>;

}  // namespace fanin

#pragma GCC visibility pop
