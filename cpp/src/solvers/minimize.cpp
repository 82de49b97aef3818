#include "fanin/minimize.hpp"

#include <variant>

#include "base/field_check.hpp"
#include "solvers/descent.hpp"
#include "solvers/run.hpp"

namespace fanin {

template <class T>
Minimum minimize(const Function<T>& f, std::span<T> x, const LineSolver& solver,
                 const MinimizeOptions& options) {
  std::visit([](const auto& one) { check_entry(one); }, solver);
  auto directions = std::visit([&](const auto& one) { return directions_of<T>(one, x.size()); }, solver);
  Descent<T> descent(f, x, std::move(directions), tolerances_of(solver));
  return run(descent, options);
}

template Minimum minimize(const Function<float>&, std::span<float>, const LineSolver&,
                          const MinimizeOptions&);
template Minimum minimize(const Function<double>&, std::span<double>, const LineSolver&,
                          const MinimizeOptions&);

}  // namespace fanin
