// The kernels as free functions on row-major arrays of the caller's. Each gives the same bits as the layer of
// a network. With the type written out, dense<float>(...), vectors and views of non-const arrays will do
// as they are.
#pragma once

#include <span>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)  // which does not reach instantiations of function templates
namespace fanin {

// out = f(x w + b): out (m, n), x (m, k), w (k, n), b (n) or empty for none. Any strides for x and w; the
// columns of out must be next to each other. Throws ValueError for shapes that do not fit.
template <class T>
[[gnu::visibility("default")]] void dense(MatrixView<T> out, MatrixView<const T> x, MatrixView<const T> w,
                                          std::span<const T> b,
                                          Activation activation = fanin::activation<Identity>);

// The gradients of a loss with respect to x, w and b, where dz (m, n) is that with respect to z = x w + b:
//   dx = dz w',  dw = x' dz,  db = column sums of dz
// An output without data is left out.
template <class T>
[[gnu::visibility("default")]] void dense_backward(MatrixView<T> dx, MatrixView<T> dw, std::span<T> db,
                                                   MatrixView<const T> dz, MatrixView<const T> x,
                                                   MatrixView<const T> w);

// a = f(z), element by element; a may be z
template <class T>
[[gnu::visibility("default")]] void activate(Activation activation, std::span<T> a, std::span<const T> z);

// dz = da f'(z), element by element; dz may be da
template <class T>
[[gnu::visibility("default")]] void activate_backward(Activation activation, std::span<T> dz,
                                                      std::span<const T> da, std::span<const T> z);

// The (weighted) mean loss of the rows of a, and where `da` has data its gradient with respect to a (m, n).
template <class T>
[[gnu::visibility("default")]] double loss_and_gradient(const Loss& loss, MatrixView<T> da,
                                                        MatrixView<const T> a, const Targets& y,
                                                        SampleWeights weights = {});

// What `predict` of a network with this loss shows for outputs a: probabilities, means of counts
template <class T>
[[gnu::visibility("default")]] void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a);

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each column of x (m, n), m at least 2: mean and
// variance (n), the mean square around the mean, are those of the batch and are written, as is offset (n),
// the mean of what x is above its first row, which has more digits than the mean where a column is far from
// zero. Where squares overflow y is right all the same, and a variance beyond the largest number is infinite.
// Columns of x and y must be next to each other, as below. Throws ValueError.
template <class T>
[[gnu::visibility("default")]] void batch_norm(MatrixView<T> y, std::span<T> mean, std::span<T> variance,
                                               std::span<T> offset, MatrixView<const T> x,
                                               std::span<const T> gamma, std::span<const T> beta,
                                               double epsilon);

// The gradients of a loss with respect to x, gamma and beta, where dy (m, n) is that with respect to y
template <class T>
[[gnu::visibility("default")]] void batch_norm_backward(MatrixView<T> dx, std::span<T> dgamma,
                                                        std::span<T> dbeta, MatrixView<const T> dy,
                                                        MatrixView<const T> x, std::span<const T> variance,
                                                        std::span<const T> offset, std::span<const T> gamma,
                                                        double epsilon);

// The same y with a mean and a variance that are given, such as averages over many batches
template <class T>
[[gnu::visibility("default")]] void batch_norm_inference(MatrixView<T> y, MatrixView<const T> x,
                                                         std::span<const T> mean, std::span<const T> variance,
                                                         std::span<const T> gamma, std::span<const T> beta,
                                                         double epsilon);

}  // namespace fanin

#pragma GCC visibility pop
