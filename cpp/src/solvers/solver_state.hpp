// What a solver knows at the weights of a network, from fit to fit.
#pragma once

#include <mutex>
#include <optional>

#include "fanin/whole_batch.hpp"
#include "solvers/iterations.hpp"

namespace fanin {

// Throws ValueError for invalid hyper-parameters
void check_whole_batch(const WholeBatch& method);
// Throws ValueError if this is not what the solver can know at n numbers.
template <class T>
void check_memory(const Solver& solver, const SolverMemory<T>& memory, std::size_t n);

// While a solver is at work, it keeps its memory itself; a fit may end while another thread saves the
// network.
template <class T>
class SolverState {
 public:
  // That which is known belongs to; none if nothing is known
  std::optional<WholeBatch> owner() const;
  SolverMemory<T> memory() const;
  // What helps this method: nothing, unless it differs from the owner in its tolerances at most
  SolverMemory<T> memory_for(const WholeBatch& method) const;
  bool is_at_work() const;

  void set(const WholeBatch& owner, SolverMemory<T> memory);
  // Of a solver, until `rest`
  void follow(const WholeBatch& owner, const Iterations<T>& at_work);
  // Keeps what the solver at work knows; nothing if there is no memory for that.
  void rest() noexcept;
  // After the weights have been set, or trained otherwise
  void forget() noexcept;

 private:
  SolverMemory<T> now() const { return at_work_ != nullptr ? at_work_->memory() : memory_; }

  mutable std::mutex mutex_;
  std::optional<WholeBatch> owner_;
  SolverMemory<T> memory_;
  const Iterations<T>* at_work_ = nullptr;
};

extern template class SolverState<float>;
extern template class SolverState<double>;

}  // namespace fanin
