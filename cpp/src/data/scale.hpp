// The likely cause of a divergence, judged by the training data.
#pragma once

#include <string>

#include "fanin/network.hpp"

namespace fanin {

// A message about inputs, unless they are normalized anyway, and one about targets, for those far from unit
// scale; empty if there are none
std::string likely_cause(const Samples& x, bool normalized, const Targets& y, const Loss& loss);

}  // namespace fanin
