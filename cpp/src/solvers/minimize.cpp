#include "fanin/minimize.hpp"

#include <variant>

#include "solvers/descent.hpp"

namespace fanin {

template <class T>
Minimum minimize(const Function<T>& f, std::span<T> x, const Solver& solver, const MinimizeOptions& options) {
  check_solver(solver);
  auto directions = std::visit([&](const auto& one) { return directions_of<T>(one, x.size()); }, solver);
  Descent<T> descent(f, x, std::move(directions), tolerances_of(solver));
  std::size_t done = 0;
  bool stopped = false;
  while (!descent.ended() && !stopped && done < options.iterations) {
    const Iteration iteration = descent.iterate();
    if (iteration.step == 0) break;
    done = iteration.number;
    stopped = options.after && options.after(iteration);
  }
  const Ended otherwise = stopped ? Ended::stopped : Ended::iterations;
  return {descent.loss(), descent.gradient(), done, descent.evaluations(),
          descent.ended().value_or(otherwise)};
}

template Minimum minimize(const Function<float>&, std::span<float>, const Solver&, const MinimizeOptions&);
template Minimum minimize(const Function<double>&, std::span<double>, const Solver&, const MinimizeOptions&);

}  // namespace fanin
