// A sum over runs of values, with the same bits as one sum over all of them.
#pragma once

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {

// Like kernels().sum: each lane of a panel is summed, then the lanes are folded. Every run but the last has
// whole panels.
template <class T>
class RunningSum {
 public:
  void add(const T* values, std::size_t n) {
    for (std::size_t begin = 0; begin < n; begin += kPanel<T>) {
      const std::size_t count = std::min(kPanel<T>, n - begin);
      for (std::size_t lane = 0; lane < count; ++lane) lanes_[lane] += values[begin + lane];
    }
  }
  T get() const { return kernels<T>().sum(lanes_, kPanel<T>); }

 private:
  T lanes_[kPanel<T>] = {};
};

}  // namespace fanin
