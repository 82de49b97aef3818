// Numbers and shapes as text for messages.
#pragma once

#include <cstddef>
#include <string>

namespace fanin {

std::string number_text(double x);
std::string shape_text(std::size_t rows, std::size_t columns);

// The start of messages about a layer, which is counted from 0
std::string layer_text(std::size_t layer);

}  // namespace fanin
