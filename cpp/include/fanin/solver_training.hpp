// Training by solvers, on all samples at once.
#pragma once

#include <memory>

#include "fanin/network.hpp"
#include "fanin/whole_batch.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Like Training, with an iteration of a solver for an epoch. What the solver knows, such as pairs of changes,
// stays with the network from call to call and in model files, as the state of a rule does, even if the data
// or the tolerances change. With another solver, other hyper-parameters or another penalty it begins without
// knowledge, as it does after an epoch by a rule, and once weights have been set.
template <class T>
class SolverTraining {
 public:
  // Throws ValueError as Training does, and for batch norm, dropout, and options of batches other than the
  // defaults.
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
