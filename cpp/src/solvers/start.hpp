// Checks of where a solver starts.
#pragma once

#include <cmath>
#include <cstddef>

#include "base/text.hpp"
#include "fanin/error.hpp"

namespace fanin {

inline void check_not_empty(std::size_t size_of_x) {
  if (size_of_x == 0) throw ValueError("x: expected at least one number, got none");
}

// f and max |g_i|
inline void check_start(double value, double gradient) {
  if (std::isfinite(value) && std::isfinite(gradient)) return;
  throw ValueError("f: expected a finite value and gradient at the start, got " +
                   (std::isfinite(value) ? "a gradient of " + number_text(gradient) : number_text(value)));
}

}  // namespace fanin
