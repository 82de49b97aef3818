// What an optimizer of arrays keeps.
#pragma once

#include <atomic>
#include <string>

#include "base/buffer.hpp"
#include "fanin/update.hpp"
#include "rules/borrowed_arrays.hpp"
#include "rules/gradient_norm.hpp"
#include "rules/method.hpp"
#include "rules/rule_state.hpp"

namespace fanin {

// A call under way; throws BusyError instead of waiting for another one.
class ExclusiveCall {
 public:
  explicit ExclusiveCall(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) {
      throw BusyError("optimizer: another thread is using it; wait until that has ended");
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
  State(const Method& chosen, std::vector<std::span<T>> borrowed, std::vector<std::size_t> inputs_of_arrays);

  // The state of a method, at the start or as far as it is there
  void take(const Method& chosen);
  void check(const Method& chosen) const;
  void begin_average();

  // slots of the rule, and what else is kept for each parameter
  std::size_t slot_count() const { return static_cast<std::size_t>(used.count); }
  bool averages() const { return method.average_decay > 0; }
  bool accumulates() const { return method.accumulate > 1; }
  std::vector<std::string> slot_names() const;
  // where the part of a named slot lies that belongs to an array
  T* named_slot(std::size_t place, std::size_t array) const;
  T* slot(int s, std::size_t array) const {
    return slots.data() + static_cast<std::size_t>(s) * arrays.size + arrays.offsets[array];
  }

  Moment now() const {
    Moment at(progress.steps + 1);
    at.memory = progress.memory;
    return at;
  }
  // y = w + velocity_factor v is what is trained; v counts by the scale of its array's rate
  T velocity_factor(const Method& chosen, std::size_t array) const;
  // out = an array + factor_of_v v
  void add_velocity(T* out, std::size_t array, T factor_of_v) const;
  Around around_array(const Method& chosen, std::size_t array) const {
    return around_of(chosen, array, inputs.empty() ? 1 : inputs[array]);
  }

  Method method = Sgd{};
  Rule rule = Sgd{};  // largest_of(method)
  const BorrowedArrays<T> arrays;
  const std::vector<std::size_t> inputs;
  SlotList used{{}, 0};
  // slots lie one after the other in the order of the arrays; average and sum are laid out like one of them
  Buffer<T> slots, average, sum;
  std::vector<Segment> segments;  // one for each array, or none
  GradientNorm<T> norm;
  Progress progress;
  std::atomic<bool> busy{false};
};

}  // namespace fanin
