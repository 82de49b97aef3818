// The loss over a data set as a function of all weights, for full-batch solvers.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// E(w) = (weighted) mean over the samples of the loss of the network with parameters w, and dE/dw, computed
// by the kernels of a training step: the bits of one step over all samples. w is one vector: the trained
// arrays of Network::arrays, one after the other, each row-major. With `l2`, E has the penalty l2/2 |W|^2
// over weights, not biases.
//
// Samples are processed in blocks of at most 4,096 rows, in the memory of one block; batch norm needs all
// rows at once, as one batch. Every call uses the dropout masks of the first step of the network's next
// epoch.
//
// The network is not changed. x, y and weights are borrowed and must outlive this object. Calls from several
// threads run one after the other.
template <class T>
class Objective {
 public:
  // Throws ValueError as Training does. The calling thread calls `interrupted` between blocks; true ends the
  // call.
  Objective(const Network<T>& network, const Samples& x, const Targets& y, SampleWeights weights = {},
            std::function<bool()> interrupted = {}, double l2 = 0);
  ~Objective();

  std::size_t size() const;  // of w
  // Infinite or NaN if a sample's loss is; NaN if interrupted. The gradient is NaN in each of these cases.
  // Throws ValueError for another size.
  double loss(std::span<const T> w) const;
  double loss_and_gradient(std::span<const T> w, std::span<T> gradient) const;
  // l2/2 |W|^2, a part of the loss
  double penalty(std::span<const T> w) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace fanin

#pragma GCC visibility pop
