// A solver at work.
#pragma once

#include <optional>

#include "fanin/minimize.hpp"
#include "solvers/memory.hpp"

namespace fanin {

template <class T>
class Iterations {
 public:
  virtual ~Iterations() = default;
  virtual double loss() const = 0;
  virtual double gradient() const = 0;  // max |g_i|
  // Why there is nothing left to do, if so
  virtual std::optional<Ended> ended() const = 0;
  // One iteration, unless it has ended. If a function throws, x and what it knows are those of the last
  // iteration.
  virtual Iteration iterate() = 0;
  virtual std::size_t evaluations() const = 0;
  // With it, a new object of the same solver at the same x takes the same steps, bit for bit.
  virtual SolverMemory<T> memory() const = 0;
};

}  // namespace fanin
