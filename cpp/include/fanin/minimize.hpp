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
  double damping = 0;       // mu or lambda, of a solver that damps
  double effective = 0;     // gamma, the effective number of parameters, of a solver that estimates it
};

// Why a solver ended: max |g| within its tolerance; f fell by no more than its tolerance; no step along -g
// lowers f, which rounding causes near a minimum; all iterations were done; or the caller stopped it
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
Minimum minimize(const Function<T>& f, std::span<T> x, const Solver& solver,
                 const MinimizeOptions& options = {});

extern template Minimum minimize(const Function<float>&, std::span<float>, const Solver&,
                                 const MinimizeOptions&);
extern template Minimum minimize(const Function<double>&, std::span<double>, const Solver&,
                                 const MinimizeOptions&);

}  // namespace fanin

#pragma GCC visibility pop
