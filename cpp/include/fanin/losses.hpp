// Losses, each with its gradient with respect to the network's outputs, and the list of them all.
//
// The loss of a batch is the mean over its rows, weighted by sample weights if given; weight / sum of weights
// enters the gradient once, in the loss kernel. A loss is a struct with
//   name, metric, kind       metric: the figure reported next to the loss; kind: what y holds
//   fields(self, f)          hyper-parameters, as in an update rule
//   parameter(j)             the hyper-parameter that value and gradient use for output j
//   value, gradient, curvature(a, y, p) of one output a with target y: E, dE/da and d2E/da2 (0 at kinks);
//                            values are summed over the outputs of a row
//   score(a, y, p)           summed likewise; the metric is metric_of(mean score per output)
//   output(a)                the prediction for output a
// and, for biases that start at the base rate (fanin/initializers.hpp), one of
//   constant(mean, half_a_row, k)
//       the output that has the least mean loss if it is the same for all rows, from the mean target of this
//       output, one of k. Where it would be infinite, because the mean is at the end of a range, the share of
//       half a row takes its place.
//   level(j)                 that output is this quantile of the targets, or the search for it begins there
#pragma once

#include "fanin/list.hpp"
#include "fanin/losses/errors.hpp"
#include "fanin/losses/likelihoods.hpp"

namespace fanin {

using Losses =
    List<SquaredError, AbsoluteError, Huber, Quantile, Poisson, Gamma, LogisticLoss, SoftmaxCrossEntropy>;

}  // namespace fanin
