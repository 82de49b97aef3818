// Steps along a solver's directions, each as long as the line search finds.
#pragma once

#include <optional>
#include <vector>

#include "solvers/directions.hpp"
#include "solvers/iterations.hpp"

namespace fanin {

// Throws ValueError for invalid hyper-parameters
void check_solver(const Solver& solver);

// When a solver ends
struct Tolerances {
  double gradient, loss;
};
Tolerances tolerances_of(const LineSolver& solver);

template <class T>
class Descent final : public Iterations<T> {
 public:
  // Moves x. Throws ValueError if f or its gradient is not finite there, or x is empty.
  Descent(const Function<T>& f, std::span<T> x, std::unique_ptr<Directions<T>> directions,
          Tolerances tolerances);

  double loss() const override { return loss_; }
  double gradient() const override { return largest_; }
  std::size_t evaluations() const override { return line_.evaluations(); }
  std::optional<Ended> ended() const override { return ended_; }
  Iteration iterate() override;
  SolverMemory<T> memory() const override { return directions_->memory(); }

 private:
  bool find_step();
  void take_step();

  const Tolerances tolerances_;
  const std::span<T> x_;
  std::vector<T> g_, d_;
  LineSearch<T> line_;
  const std::unique_ptr<Directions<T>> directions_;
  double loss_ = 0, largest_ = 0;
  std::size_t iterations_ = 0;
  std::optional<Ended> ended_;
};

}  // namespace fanin
