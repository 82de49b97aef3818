// Levenberg-Marquardt at work. With c = alpha / beta, or 0, it minimizes F = E + c |x|^2, whose gradient is 2
// h with h = g + c x; so mu is in units of A, whatever beta.
#pragma once

#include <memory>
#include <vector>

#include "solvers/damped_system.hpp"
#include "solvers/iterations.hpp"

namespace fanin {

class LevenbergMarquardtSteps final : public Iterations<double> {
 public:
  // Moves x. Throws ValueError if E or its gradient is not finite there, if x is empty or too long, and if
  // `memory` is not one of this solver.
  LevenbergMarquardtSteps(SumOfSquares& f, std::span<double> x, const LevenbergMarquardt& solver,
                          const SolverMemory<double>* memory = nullptr);

  // Throws ValueError if this is no memory of this solver
  static void check(const std::vector<double>& numbers, std::size_t vectors);

  double loss() const override { return loss_; }  // E
  double gradient() const override { return largest_; }
  std::optional<Ended> ended() const override { return ended_; }
  Iteration iterate() override;
  std::size_t evaluations() const override { return evaluations_; }
  SolverMemory<double> memory() const override { return {{at_.mu, at_.c, at_.gamma}, {}}; }

 private:
  struct Place {
    double mu, c, gamma;
  };
  double linearize(std::span<const double> x);
  double penalty(std::span<const double> x) const;  // c |x|^2
  void look_at_gradient();
  bool find_step();
  bool find_trial(double mu);
  bool try_it(double mu);
  void weigh(double decrease, double before);

  SumOfSquares& f_;
  const LevenbergMarquardt solver_;
  const std::span<double> x_;
  const std::unique_ptr<DampedSystem> system_;
  std::vector<double> g_, h_, v_, a_, trial_;
  Place at_;
  bool linear_at_x_ = false;  // whether system_ and g_ are those of x
  double loss_ = 0, largest_ = 0;
  std::size_t evaluations_ = 0, iterations_ = 0;
  std::optional<Ended> ended_;
};

}  // namespace fanin
