// The state of an optimizer.
#pragma once

#include <atomic>
#include <string>

#include "base/buffer.hpp"
#include "fanin/update.hpp"
#include "rules/borrowed_arrays.hpp"
#include "rules/matrices.hpp"
#include "rules/method.hpp"
#include "rules/rule_state.hpp"
#include "rules/squared_norm.hpp"

namespace fanin {

// Held during a call; throws BusyError instead of waiting if another call is running
class ExclusiveCall {
 public:
  explicit ExclusiveCall(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) {
      throw BusyError("optimizer: another thread is using it; wait until it has finished");
    }
  }
  ~ExclusiveCall() { busy_.store(false); }
  ExclusiveCall(const ExclusiveCall&) = delete;
  ExclusiveCall& operator=(const ExclusiveCall&) = delete;

 private:
  std::atomic<bool>& busy_;
};

template <class T>
struct Optimizer<T>::State {
  static constexpr const char* name = "optimizer";

  State(const Method& chosen, std::vector<std::span<T>> borrowed, const std::vector<std::size_t>& inputs);

  const Method& method() const { return *state.owner; }
  const Rule& rule() const { return state.owner->rule; }
  bool accumulates() const { return method().accumulate > 1; }
  Moment now() const {
    Moment at(state.steps + 1);
    at.memory = state.memory;
    return at;
  }
  void check(const Method& chosen) const;
  // Continues with a method that has been checked
  void take(const Method& chosen);
  // The slots of the rule, and what else is kept for each parameter
  std::vector<std::string> slot_names() const;
  // The part of a named slot that belongs to an array
  T* named_slot(std::size_t place, std::size_t array) const;

  const BorrowedArrays<T> arrays;
  const bool knows_inputs;
  const ParameterTable table;  // of the arrays
  RuleState<T> state;
  // The current group of batches: their number, sums of their weights and losses, and the sum of gradients
  std::uint64_t batches = 0;
  double weight = 0, loss = 0;
  Buffer<T> sum;
  SquaredNorm<T> norm;
  Matrices<T> matrices;  // that the rule steps as a whole
  std::atomic<bool> busy{false};

 private:
  void begin_average(Buffer<T> average);
  SquaredNorm<T> norm_for(const Method& chosen) const;
};

}  // namespace fanin
