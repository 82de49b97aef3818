// Checks the layers of a network: the fields of each, its place and its shapes. Throws ValueError.
#pragma once

#include <vector>

#include "fanin/network.hpp"

namespace fanin {

void check_architecture(std::size_t inputs, const std::vector<Layer>& layers);

}  // namespace fanin
