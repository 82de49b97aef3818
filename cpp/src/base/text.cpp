#include "base/text.hpp"

#include <sstream>

namespace fanin {

std::string number_text(double x) {
  std::ostringstream text;
  text << x;
  return text.str();
}

std::string shape_text(std::size_t rows, std::size_t columns) {
  return "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
}

std::string layer_text(std::size_t layer) { return "layers: layer " + std::to_string(layer + 1) + ": "; }

}  // namespace fanin
