// Checks of the layers of a network. Each throws ValueError with a clear message.
#pragma once

#include <string>
#include <vector>

#include "fanin/network.hpp"

namespace fanin {

// `text` begins the sentences
void check_batch_norm(const BatchNorm& norm, const std::string& text);
void check_architecture(std::size_t inputs, const std::vector<Layer>& layers);

}  // namespace fanin
