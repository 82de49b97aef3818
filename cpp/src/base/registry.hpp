// The kernels of the instruction set in use.
#pragma once

#include <limits>

#include "kernels/table.hpp"

namespace fanin {

// Chosen once, at first use; throws ValueError if FANIN_ISA names an unavailable set.
const KernelTable& active_kernels();

template <class T>
const Kernels<T>& kernels() {
  if constexpr (sizeof(T) == sizeof(float)) {
    return active_kernels().f32;
  } else {
    return active_kernels().f64;
  }
}

// The index of the first value that is not finite, or n
template <class T>
std::size_t find_not_finite(const T* values, std::size_t n) {
  return kernels<T>().find_beyond(values, n, std::numeric_limits<T>::max());
}

}  // namespace fanin
