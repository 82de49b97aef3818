// Steps along a solver's directions, each as long as the line search finds.
#pragma once

#include <optional>
#include <vector>

#include "solvers/directions.hpp"

namespace fanin {

// Throws ValueError for invalid hyper-parameters
void check_solver(const Solver& solver);

// When a solver ends
struct Tolerances {
  double gradient, loss;
};
Tolerances tolerances_of(const LineSolver& solver);

template <class T>
class Descent {
 public:
  // Moves x. Throws ValueError if f or its gradient is not finite there, or x is empty.
  Descent(const Function<T>& f, std::span<T> x, Directions<T>& directions, Tolerances tolerances);

  double loss() const { return loss_; }
  double gradient() const { return largest_; }  // max |g_i|
  std::size_t evaluations() const { return line_.evaluations(); }
  // Why there is nothing left to do, if so
  std::optional<Ended> ended() const { return ended_; }
  // One step, unless it has ended. If f throws, x is that of the last step.
  Iteration iterate();

 private:
  bool find_step();
  void take_step();

  const Tolerances tolerances_;
  const std::span<T> x_;
  std::vector<T> g_, d_;
  LineSearch<T> line_;
  Directions<T>& directions_;
  double loss_ = 0, largest_ = 0;
  std::size_t iterations_ = 0;
  std::optional<Ended> ended_;
};

}  // namespace fanin
