// The loss over a data set as a function of all weights, for solvers that want it whole.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// E(w) = (weighted) mean over the samples of the loss of the network with parameters w, and dE/dw, by the
// kernels of a training step: the bits of one step over all samples. w is one vector: what is trained of
// Network::arrays, one after the other, each row-major.
//
// Samples are gone through in blocks of at most 4,096 rows, in the memory of one of them; with batch norm,
// which wants all rows at once, as one batch. What a dropout keeps is that of the first step of the network's
// next epoch, at each call.
//
// The network is not changed. x, y and weights are borrowed and must outlive this object. Calls from several
// threads wait for each other.
template <class T>
class Objective {
 public:
  // Throws ValueError as Training does. `interrupted` is asked between blocks by the thread that calls; true
  // ends the call.
  Objective(const Network<T>& network, const Samples& x, const Targets& y, SampleWeights weights = {},
            std::function<bool()> interrupted = {});
  ~Objective();

  std::size_t size() const;  // of w
  // Infinite or not a number where the loss of a sample is, or where it was interrupted; the gradient then is
  // not a number. Throws ValueError for another size.
  double loss(std::span<const T> w) const;
  double loss_and_gradient(std::span<const T> w, std::span<T> gradient) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace fanin

#pragma GCC visibility pop
