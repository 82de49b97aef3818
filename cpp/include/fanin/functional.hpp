// The kernels as free functions on the caller's row-major arrays. Each gives the same bits as the layer of a
// network. With an explicit type, as in dense<float>(...), vectors and non-const views convert implicitly.
// Each throws ValueError, before anything is written, for shapes that do not fit, null pointers, output rows
// that overlap or whose columns are not adjacent, and, unless stated otherwise, for an output that shares
// memory with an input or another output.
#pragma once

#include <span>

#include "fanin/network.hpp"

#pragma GCC visibility push(default)  // does not reach instantiations of function templates
namespace fanin {

// out = f(x w + b): out (m, n), x (m, k), w (k, n), b (n) or empty. x and w may have any strides.
template <class T>
[[gnu::visibility("default")]] void dense(MatrixView<T> out, MatrixView<const T> x, MatrixView<const T> w,
                                          std::span<const T> b,
                                          Activation activation = fanin::activation<Identity>);

// The gradients of a loss with respect to x, w and b, given dz (m, n), that with respect to z = x w + b:
//   dx = dz w',  dw = x' dz,  db = column sums of dz
// Outputs without data are skipped.
template <class T>
[[gnu::visibility("default")]] void dense_backward(MatrixView<T> dx, MatrixView<T> dw, std::span<T> db,
                                                   MatrixView<const T> dz, MatrixView<const T> x,
                                                   MatrixView<const T> w);

// out = f(z), elementwise; out may be z
template <class T>
[[gnu::visibility("default")]] void activate(Activation activation, std::span<T> out, std::span<const T> z);

// out = da f'(z), elementwise; out may be da or z
template <class T>
[[gnu::visibility("default")]] void activate_backward(Activation activation, std::span<T> out,
                                                      std::span<const T> da, std::span<const T> z);

// The (weighted) mean loss of the rows of a, and, if `out` has data, its gradient with respect to a (m, n).
template <class T>
[[gnu::visibility("default")]] double loss_and_gradient(const Loss& loss, MatrixView<T> out,
                                                        MatrixView<const T> a, const Targets& y,
                                                        SampleWeights weights = {});

// What a network with this loss predicts for outputs a: probabilities, means of counts
template <class T>
[[gnu::visibility("default")]] void loss_outputs(const Loss& loss, MatrixView<T> out, MatrixView<const T> a);

// out = gamma (x - mean) / sqrt(variance + epsilon) + beta for each column of x (m, n), with m at least 2.
// Also writes the batch's mean (n), variance (n), the mean square deviation from the mean, and offset (n),
// the mean of x minus its first row, which has more accurate digits than the mean if a column is far from
// zero. `out` is correct even if squares overflow; a variance beyond the largest number is infinite. Columns
// of x must be adjacent, here and below.
template <class T>
[[gnu::visibility("default")]] void batch_norm(MatrixView<T> out, std::span<T> mean, std::span<T> variance,
                                               std::span<T> offset, MatrixView<const T> x,
                                               std::span<const T> gamma, std::span<const T> beta,
                                               double epsilon);

// The gradients of a loss with respect to x, gamma and beta, given dy (m, n), that with respect to the output
template <class T>
[[gnu::visibility("default")]] void batch_norm_backward(MatrixView<T> dx, std::span<T> dgamma,
                                                        std::span<T> dbeta, MatrixView<const T> dy,
                                                        MatrixView<const T> x, std::span<const T> variance,
                                                        std::span<const T> offset, std::span<const T> gamma,
                                                        double epsilon);

// The same with a given mean and variance, such as running statistics
template <class T>
[[gnu::visibility("default")]] void batch_norm_inference(MatrixView<T> out, MatrixView<const T> x,
                                                         std::span<const T> mean, std::span<const T> variance,
                                                         std::span<const T> gamma, std::span<const T> beta,
                                                         double epsilon);

}  // namespace fanin

#pragma GCC visibility pop
