// Biases of the layer of outputs that start at the base rate (fanin/initializers.hpp).
#pragma once

#include <vector>

#include "data/sample_weights.hpp"
#include "fanin/network.hpp"

namespace fanin {

// Throws ValueError if a layer other than the one that gives the outputs has such biases, or an activation
// follows them.
void check_base_rate(const std::vector<Layer>& layers);

// For each output the bias that, alone, has the least mean loss over these targets, which are checked; empty
// if the layers do not ask for it. Rows of weight 0 do not count. Of several ranks, over all targets, for
// losses whose bias is a function of the mean; a ValueError for others.
template <class T>
std::vector<T> base_rates(const std::vector<Layer>& layers, const Loss& loss, std::size_t outputs,
                          const Targets& y, const ScaledWeights& weights, const Ranks& ranks = {});

}  // namespace fanin
