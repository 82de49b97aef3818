// An update rule on arrays of the caller's own, in place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fanin/rule.hpp"

namespace fanin {

// What some rules want beside the gradients: iRprop+ the loss, SchaulVsgd a second gradient, of the same data
// at the weights that `shifted` gives
template <class T>
struct StepInputs {
  std::optional<double> loss = {};
  std::vector<std::span<const T>> second = {};
};

// T is float or double: the type of the arrays, of the state and of the arithmetic.
//
// A step gives the bits a network gives whose weights and gradients are these, for any number of threads.
// With a rule that looks ahead (Nesterov's) the arrays are w + momentum v, where gradients are to be taken.
// One call at a time: another one meanwhile, but for `steps`, throws BusyError.
template <class T>
class Optimizer {
 public:
  // The arrays are borrowed and must outlive this object; the state starts at the rule's start. Arrays of
  // biases (none, or one flag for each array) do not decay.
  // Throws ValueError for hyper-parameters out of range and arrays that overlap.
  Optimizer(const Method& method, std::vector<std::span<T>> arrays, std::vector<bool> biases = {});
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  // One step of the rule on all arrays: gradients[i] has the size of array i. Gradients that are not finite
  // are applied as they are. Throws ValueError, before anything is written, for other sizes, for gradients
  // that overlap an array, and without what the rule needs.
  void step(const std::vector<std::span<const T>>& gradients, const StepInputs<T>& inputs = {});
  // out[i] = where the rule wants the second gradient of array i. Throws ValueError where it wants none.
  void shifted(const std::vector<std::span<const T>>& gradients, const std::vector<std::span<T>>& out) const;

  Method method() const;
  // Other hyper-parameters for the same kind of rule; the state stays, and slots that were not in use begin.
  // Another momentum of a rule that looks ahead moves the arrays to where it looks. Throws ValueError.
  void set_method(const Method& method);

  std::uint64_t steps() const;  // taken so far
  // Names of the state arrays of the rule, each as large as all arrays together
  std::vector<std::string> slot_names() const;
  // Name of the one number that the rule keeps from step to step, or nothing; and that number
  std::string memory_name() const;
  double memory() const;
  // The part of a slot that belongs to an array. Throws ValueError where there is none, or of another size.
  void get_slot(std::size_t slot, std::size_t array, std::span<T> out) const;
  // The true weights of an array: w where a rule looks ahead, else what it holds.
  void get_weights(std::size_t array, std::span<T> out) const;
  // The whole state as after so many steps: values[slot][array]. Throws ValueError, and writes nothing then.
  void set_state(std::uint64_t steps, double memory,
                 const std::vector<std::vector<std::span<const T>>>& values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace fanin
