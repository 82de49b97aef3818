#include "solvers/solver_state.hpp"

#include <cmath>
#include <string>
#include <variant>

#include "base/field_check.hpp"
#include "base/text.hpp"
#include "solvers/descent.hpp"
#include "solvers/hessian_free.hpp"
#include "solvers/levenberg_marquardt.hpp"

namespace fanin {
namespace {

// Whether they differ in when they end, at most
bool are_alike(const WholeBatch& a, WholeBatch b) {
  std::visit(
      [&](auto& solver) {
        const auto* const other = std::get_if<std::remove_reference_t<decltype(solver)>>(&a.solver);
        if (other == nullptr) return;
        if constexpr (requires { solver.gradient_tolerance; })
          solver.gradient_tolerance = other->gradient_tolerance;
        if constexpr (requires { solver.loss_tolerance; }) solver.loss_tolerance = other->loss_tolerance;
      },
      b.solver);
  return a == b;
}

}  // namespace

void check_whole_batch(const WholeBatch& method) {
  check_solver(method.solver);
  FieldCheck{}("l2", method.l2, at_least(0));
}

template <class T>
void check_memory(const Solver& solver, const SolverMemory<T>& memory, std::size_t n) {
  for (const double number : memory.numbers) {
    if (!std::isfinite(number)) throw ValueError("expected finite numbers, got " + number_text(number));
  }
  for (const std::vector<T>& vector : memory.vectors) {
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isfinite(vector[i])) continue;
      throw ValueError("expected finite vectors, got " + number_text(static_cast<double>(vector[i])));
    }
  }
  std::visit(
      [&](const auto& one) {
        using S = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<S, LevenbergMarquardt>) {
          LevenbergMarquardtSteps::check(memory.numbers, memory.vectors.size());
        } else if constexpr (std::is_same_v<S, HessianFree>) {
          HessianFreeSteps<T>::check(memory, n);
        } else {
          directions_of<T>(one, n)->recall(memory);
        }
      },
      solver);
}
template void check_memory(const Solver&, const SolverMemory<float>&, std::size_t);
template void check_memory(const Solver&, const SolverMemory<double>&, std::size_t);

template <class T>
std::optional<WholeBatch> SolverState<T>::owner() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return owner_;
}

template <class T>
SolverMemory<T> SolverState<T>::memory() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return now();
}

template <class T>
SolverMemory<T> SolverState<T>::memory_for(const WholeBatch& method) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return owner_ && are_alike(*owner_, method) ? now() : SolverMemory<T>{};
}

template <class T>
bool SolverState<T>::is_at_work() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return at_work_ != nullptr;
}

template <class T>
void SolverState<T>::set(const WholeBatch& owner, SolverMemory<T> memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  owner_ = owner;
  memory_ = std::move(memory);
  at_work_ = nullptr;
}

template <class T>
void SolverState<T>::follow(const WholeBatch& owner, const Iterations<T>& at_work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  owner_ = owner;
  memory_ = {};
  at_work_ = &at_work;
}

template <class T>
void SolverState<T>::rest() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (at_work_ == nullptr) return;
  try {
    memory_ = at_work_->memory();
  } catch (const std::bad_alloc&) {
    owner_.reset();
  }
  at_work_ = nullptr;
}

template <class T>
void SolverState<T>::forget() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  owner_.reset();
  memory_ = {};
  at_work_ = nullptr;
}

template class SolverState<float>;
template class SolverState<double>;

}  // namespace fanin
