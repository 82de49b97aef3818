// Where solvers go next: a class for each, which learns from the steps.
#pragma once

#include <memory>

#include "solvers/line_search.hpp"
#include "solvers/memory.hpp"

namespace fanin {

// From x to x + length d, and the gradients there
template <class T>
struct StepTaken {
  std::span<const T> x_before, x, g_before, g, d;
  double length;
};

template <class T>
class Directions {
 public:
  virtual ~Directions() = default;
  // d for the gradient g
  virtual void next(std::span<const T> g, std::span<T> d) = 0;
  // The first length to try from x, where f and its gradient are known, along d
  virtual double first_length(LineSearch<T>& line, std::span<const T> x, double f, std::span<const T> g,
                              std::span<const T> d, double slope) const = 0;
  virtual void learn(const StepTaken<T>& step) = 0;
  // Without knowledge, d is -g
  virtual void forget() = 0;
  virtual bool knows() const = 0;
  // All that it has learned; `recall` throws ValueError for what it cannot have learned.
  virtual SolverMemory<T> memory() const = 0;
  virtual void recall(const SolverMemory<T>& memory) = 0;
};

template <class T>
std::unique_ptr<Directions<T>> directions_of(const LBFGS& solver, std::size_t n);
template <class T>
std::unique_ptr<Directions<T>> directions_of(const ConjugateGradient& solver, std::size_t n);

}  // namespace fanin
