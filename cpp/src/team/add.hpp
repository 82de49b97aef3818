// Sums shared by several threads.
#pragma once

#include <atomic>

namespace fanin {

// fetch_add of floating-point numbers, which older standard libraries lack
inline void add(std::atomic<double>& sum, double value) {
  double before = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(before, before + value, std::memory_order_relaxed)) {
  }
}

}  // namespace fanin
