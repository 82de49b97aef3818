// Minimizing a differentiable function of a vector, such as the loss over a data set.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "fanin/solvers/all.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// f(x), and its gradient unless that is empty. A solver never moves to an x where f is not finite.
template <class T>
using Function = std::function<double(std::span<const T> x, std::span<T> gradient)>;

struct Iteration {
  std::size_t number;       // from 1
  double loss;              // f after it
  double gradient;          // max |df/dx_i| after it
  double step;              // a, along the direction; 0 if nothing lower was found
  std::size_t evaluations;  // of f, in this iteration
  double damping = 0;       // mu of LevenbergMarquardt, lambda of HessianFree
  double effective = 0;     // number of parameters: gamma of LevenbergMarquardt with bayes
};

// Why a solver ended: max |g| within its tolerance; f fell by no more than its tolerance; no step that it
// tries lowers f, which rounding causes near a minimum; all iterations were done; or the caller stopped it
enum class Ended { small_gradient, small_decrease, no_descent, iterations, stopped };
inline constexpr const char* kEnded[] = {"small_gradient", "small_decrease", "no_descent", "iterations",
                                         "stopped"};

struct MinimizeOptions {
  std::size_t iterations = 1000;
  std::function<bool(const Iteration&)> after = {};  // true stops
};

struct Minimum {
  double loss, gradient;
  std::size_t iterations, evaluations;
  Ended ended;
};

// Moves x to a local minimum of f. Sums over the elements of x are in double and in a fixed order, so the
// bits depend on f alone. An exception of f ends it, with the x of the last iteration. Throws ValueError for
// invalid hyper-parameters, for an empty x, and if f or its gradient is not finite at the start.
template <class T>
Minimum minimize(const Function<T>& f, std::span<T> x, const LineSolver& solver,
                 const MinimizeOptions& options = {});

// A sum of squares E(x) = sum of e_i(x)^2, with J = de/dx
class SumOfSquares {
 public:
  virtual ~SumOfSquares() = default;
  virtual std::size_t residuals() const = 0;  // number of e_i
  virtual double value(std::span<const double> x) = 0;
  // Returns E; A = J'J (n x n, row-major, of which only the lower triangle is read) and g = J'e. Called if
  // there are at least as many residuals as elements of x.
  virtual double normal_equations(std::span<const double> x, std::span<double> A, std::span<double> g) = 0;
  // Returns E; J (row-major, residuals x n) and e. Called if there are fewer residuals.
  virtual double jacobian(std::span<const double> x, std::span<double> J, std::span<double> e) = 0;
  // out = J'f with f_i = v' (second derivative of e_i) v, at the x of the last normal_equations or jacobian.
  // False if it is unknown: there is no geodesic acceleration then.
  virtual bool acceleration(std::span<const double> v, std::span<double> out) = 0;
};

// The same for E. `gradient` is max |2 J'e|; evaluations count value, normal_equations and jacobian. Also
// throws ValueError if x has more than LevenbergMarquardt::most elements.
Minimum minimize(SumOfSquares& f, std::span<double> x, const LevenbergMarquardt& solver,
                 const MinimizeOptions& options = {});

// A function f of all rows of a data set, say, and its Gauss-Newton matrix G, or its Hessian where that is
// positive semidefinite, of a fixed sample of them
template <class T>
class CurvedFunction {
 public:
  virtual ~CurvedFunction() = default;
  virtual double value(std::span<const T> x) = 0;
  virtual double gradient(std::span<const T> x, std::span<T> g) = 0;  // and returns f(x)
  // At the x of the last `gradient`: out = G v
  virtual void product(std::span<const T> v, std::span<T> out) = 0;
  // and the mean of the squares of the gradients of the sample's rows
  virtual void squares(std::span<T> out) = 0;
};

// The same; evaluations do not count products.
template <class T>
Minimum minimize(CurvedFunction<T>& f, std::span<T> x, const HessianFree& solver,
                 const MinimizeOptions& options = {});

extern template Minimum minimize(const Function<float>&, std::span<float>, const LineSolver&,
                                 const MinimizeOptions&);
extern template Minimum minimize(const Function<double>&, std::span<double>, const LineSolver&,
                                 const MinimizeOptions&);
extern template Minimum minimize(CurvedFunction<float>&, std::span<float>, const HessianFree&,
                                 const MinimizeOptions&);
extern template Minimum minimize(CurvedFunction<double>&, std::span<double>, const HessianFree&,
                                 const MinimizeOptions&);

}  // namespace fanin

#pragma GCC visibility pop
