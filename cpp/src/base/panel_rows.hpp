// Panels from and to row-major arrays.
#pragma once

#include <cstddef>

#include "kernels/panels.hpp"

namespace fanin {

// copy(panel elements, row-major elements, count) for each contiguous run of a panel's row
template <class T, class U, class F>
void for_each_run(const Panels<T>& panels, U* row_major, F&& copy) {
  for (std::size_t p = 0; p < panels.count(); ++p) {
    for (std::size_t i = 0; i < panels.rows; ++i) {
      copy(panels.at(i, p), row_major + i * panels.columns + p * kPanel<T>, panels.used(p));
    }
  }
}

}  // namespace fanin
