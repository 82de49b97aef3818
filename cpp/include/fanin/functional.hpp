// The kernels as free functions on row-major arrays of the caller's. Each gives the same bits as the layer of
// a network.
#pragma once

#include <span>

#include "fanin/network.hpp"

namespace fanin {

// out = f(x w + b): out (m, n), x (m, k), w (k, n), b (n) or empty for none. Any strides for x and w; the
// columns of out must be next to each other. Throws ValueError for shapes that do not fit.
template <class T>
void dense(MatrixView<T> out, MatrixView<const T> x, MatrixView<const T> w, std::span<const T> b,
           Activation activation = fanin::activation<Identity>);

// The gradients of a loss with respect to x, w and b, where dz (m, n) is that with respect to z = x w + b:
//   dx = dz w',  dw = x' dz,  db = column sums of dz
// An output without data is left out.
template <class T>
void dense_backward(MatrixView<T> dx, MatrixView<T> dw, std::span<T> db, MatrixView<const T> dz,
                    MatrixView<const T> x, MatrixView<const T> w);

// a = f(z), element by element; a may be z
template <class T>
void activate(Activation activation, std::span<T> a, std::span<const T> z);

// dz = da f'(z), element by element; dz may be da
template <class T>
void activate_backward(Activation activation, std::span<T> dz, std::span<const T> da, std::span<const T> z);

// The (weighted) mean loss of the rows of a, and where `da` has data its gradient with respect to a (m, n).
template <class T>
double loss_and_gradient(const Loss& loss, MatrixView<T> da, MatrixView<const T> a, const Targets& y,
                         SampleWeights weights = {});

// What `predict` of a network with this loss shows for outputs a: probabilities, means of counts
template <class T>
void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a);

}  // namespace fanin
