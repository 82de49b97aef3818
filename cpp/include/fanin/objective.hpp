// The loss over a data set as a function of all weights, for full-batch solvers.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)
namespace fanin {

struct ObjectiveOptions {
  double l2 = 0;  // adds l2/2 |W|^2 to E, over weights, not biases
  // Batch norm uses its running statistics, as constants.
  bool frozen_batch_norm = false;
  // Asked by the calling thread between blocks; true ends the call.
  std::function<bool()> interrupted = {};
  // If not empty, these rows alone
  std::vector<std::uint32_t> rows = {};
  // Losses and gradients are computed in the memory of second derivatives, so that a call at the same w finds
  // there what the one before has computed.
  bool with_curvature = false;
};

// E(w) = (weighted) mean over the samples of the loss of the network with parameters w, and dE/dw, computed
// by the kernels of a training step: the bits of one step over all samples. w is one vector: the trained
// arrays of Network::arrays, one after the other, each row-major.
//
// Samples are processed in blocks of at most 4,096 rows, in the memory of one block; batch norm needs all
// rows at once, as one batch, unless it is frozen. Every call uses the dropout masks of the first step of the
// network's next epoch.
//
// The network is not changed. x, y and weights are borrowed and must outlive this object. Calls from several
// threads run one after the other.
template <class T>
class Objective {
 public:
  // Throws ValueError as Training does
  Objective(const Network<T>& network, const Samples& x, const Targets& y, SampleWeights weights = {},
            ObjectiveOptions options = {});
  ~Objective();

  std::size_t size() const;  // of w
  std::size_t rows() const;
  std::size_t outputs() const;  // of the network

  // Infinite or NaN if a sample's loss is; NaN if interrupted. The gradient is NaN in each of these cases.
  // Throws ValueError for another size.
  double loss(std::span<const T> w) const;
  double loss_and_gradient(std::span<const T> w, std::span<T> gradient) const;
  // l2/2 |W|^2, a part of the loss
  double penalty(std::span<const T> w) const;

  // Curvature, by the R-operator (Pearlmutter 1994; Schraudolph 2002), NaN where the loss is not finite. What
  // is computed at w is kept for further calls at the same w if all rows fit into 256 MB; else the rows pass
  // in blocks. These throw ValueError for dropout, and for batch norm that is not frozen.
  // H v, with H the Hessian of E; and G v, with G = J' L J (+ l2), where J is the Jacobian of the outputs and
  // L the Hessian of the loss: without the second derivatives of the outputs, positive semidefinite for
  // convex losses
  void hessian_product(std::span<const T> w, std::span<const T> v, std::span<T> to) const;
  void gauss_newton_product(std::span<const T> w, std::span<const T> v, std::span<T> to) const;
  // J of the outputs, (rows x outputs, size), row-major; of some rows of those of the objective, unless
  // empty. Like what follows, not for coded columns.
  void jacobian(std::span<const T> w, std::span<T> to, std::span<const std::uint32_t> rows = {}) const;
  // R J with L = R'R, so that G = (R J)'(R J) without l2, (rows x outputs, size); and e with dE/dw = (R J)'e
  void root_jacobian(std::span<const T> w, std::span<T> to, std::span<T> e) const;
  // G, (size, size), its lower triangle
  void gauss_newton(std::span<const T> w, std::span<T> to) const;
  // J' L f, with f the second derivative of the outputs along v
  void acceleration(std::span<const T> w, std::span<const T> v, std::span<T> to) const;
  // The mean over the samples of the squares of the gradient of a sample's loss
  void squares(std::span<const T> w, std::span<T> to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace fanin

#pragma GCC visibility pop
