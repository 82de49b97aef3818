// The kernels as free functions on row-major arrays of the caller's. Each gives the same bits as the layer of
// a network. With the type written out, dense<float>(...), vectors and views of non-const arrays will do
// as they are. Each throws ValueError, before anything is written, for shapes that do not fit, for null
// pointers, for rows of an output that overlap or whose columns do not lie next to each other, and for an
// output that shares memory with an input or another output, unless it says otherwise.
#pragma once

#include <span>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)  // which does not reach instantiations of function templates
namespace fanin {

// out = f(x w + b): out (m, n), x (m, k), w (k, n), b (n) or empty for none. Any strides for x and w.
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

// out = f(z), element by element; out may be z
template <class T>
[[gnu::visibility("default")]] void activate(Activation activation, std::span<T> out, std::span<const T> z);

// out = da f'(z), element by element; out may be da or z
template <class T>
[[gnu::visibility("default")]] void activate_backward(Activation activation, std::span<T> out,
                                                      std::span<const T> da, std::span<const T> z);

// The (weighted) mean loss of the rows of a, and where `out` has data its gradient with respect to a (m, n).
template <class T>
[[gnu::visibility("default")]] double loss_and_gradient(const Loss& loss, MatrixView<T> out,
                                                        MatrixView<const T> a, const Targets& y,
                                                        SampleWeights weights = {});

// What `predict` of a network with this loss shows for outputs a: probabilities, means of counts
template <class T>
[[gnu::visibility("default")]] void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a);

// out = gamma (x - mean) / sqrt(variance + epsilon) + beta for each column of x (m, n), m at least 2: mean
// and variance (n), the mean square around the mean, are those of the batch and are written, as is offset
// (n), the mean of what x is above its first row, which has more digits than the mean where a column is far
// from zero. Where squares overflow `out` is right all the same, and a variance beyond the largest number is
// infinite. Columns of x must be next to each other, as below.
template <class T>
[[gnu::visibility("default")]] void batch_norm(MatrixView<T> out, std::span<T> mean, std::span<T> variance,
                                               std::span<T> offset, MatrixView<const T> x,
                                               std::span<const T> gamma, std::span<const T> beta,
                                               double epsilon);

// The gradients of a loss with respect to x, gamma and beta, where dy (m, n) is that with respect to its
// output
template <class T>
[[gnu::visibility("default")]] void batch_norm_backward(MatrixView<T> dx, std::span<T> dgamma,
                                                        std::span<T> dbeta, MatrixView<const T> dy,
                                                        MatrixView<const T> x, std::span<const T> variance,
                                                        std::span<const T> offset, std::span<const T> gamma,
                                                        double epsilon);

// The same with a mean and a variance that are given, such as averages over many batches
template <class T>
[[gnu::visibility("default")]] void batch_norm_inference(MatrixView<T> out, MatrixView<const T> x,
                                                         std::span<const T> mean, std::span<const T> variance,
                                                         std::span<const T> gamma, std::span<const T> beta,
                                                         double epsilon);

}  // namespace fanin

#pragma GCC visibility pop
