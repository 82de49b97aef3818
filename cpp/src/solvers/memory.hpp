// What a solver knows beyond the current x, in an order of its own.
#pragma once

#include <vector>

namespace fanin {

template <class T>
struct SolverMemory {
  std::vector<double> numbers;
  std::vector<std::vector<T>> vectors;  // of as many elements as x has

  friend bool operator==(const SolverMemory&, const SolverMemory&) = default;
};

}  // namespace fanin
