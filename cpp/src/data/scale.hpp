// What training data say of a training that diverged.
#pragma once

#include <string>

#include "fanin/network.hpp"

namespace fanin {

// A sentence on targets far from unit scale, empty where there are none; on inputs likewise, unless they are
// normalized anyway
std::string likely_cause(const Samples& x, bool normalized, const Targets& y, const Loss& loss);

}  // namespace fanin
