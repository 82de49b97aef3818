// Hessian-free optimization at work.
#pragma once

#include <vector>

#include "solvers/iterations.hpp"

namespace fanin {

template <class T>
class HessianFreeSteps final : public Iterations<T> {
 public:
  // Moves x. Throws ValueError if f or its gradient is not finite there, if x is empty, and if `memory` is
  // not one of this solver.
  HessianFreeSteps(CurvedFunction<T>& f, std::span<T> x, const HessianFree& solver,
                   const SolverMemory<T>* memory = nullptr);

  // Throws ValueError if this is no memory of this solver
  static void check(const SolverMemory<T>& memory, std::size_t n);

  double loss() const override { return loss_; }
  double gradient() const override { return largest_; }
  std::optional<Ended> ended() const override { return ended_; }
  Iteration iterate() override;
  std::size_t evaluations() const override { return evaluations_; }
  SolverMemory<T> memory() const override;

 private:
  // An iterate of conjugate gradients, and g'd + d'Gd / 2
  struct Candidate {
    std::vector<T> d;
    double quadratic;
  };
  // What an iteration changes
  struct Next {
    double lambda;
    std::vector<T> last;  // solution, or nothing
  };
  double value_along(std::span<const T> d, double length);
  double gradient_at(std::span<const T> x);
  void solve(Next& next);
  double go_back(std::size_t& best);
  double find_step(Next& next);
  double search(std::span<const T> d, double value, double slope);
  void take_step(double loss, double largest);

  CurvedFunction<T>& f_;
  const HessianFree solver_;
  const std::span<T> x_;
  std::vector<T> g_, trial_;
  std::vector<Candidate> candidates_;
  Next at_;
  bool gradient_at_x_ = false;  // whether f's products are those of x, and g_ its gradient
  double loss_ = 0, largest_ = 0;
  std::size_t evaluations_ = 0, iterations_ = 0;
  std::optional<Ended> ended_;
};

}  // namespace fanin
