// Numbers and shapes as messages show them.
#pragma once

#include <cstddef>
#include <string>

namespace fanin {

std::string number_text(double x);
std::string shape_text(std::size_t rows, std::size_t columns);

// how the sentences about a layer begin, which is counted from 0
std::string layer_text(std::size_t layer);

}  // namespace fanin
