// Applies an update rule to the caller's own arrays, in place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fanin/owned.hpp"
#include "fanin/rule.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Inputs besides the gradients. iRprop+ needs the loss. SchaulVSGD needs a second gradient, on the same data
// at the weights from `shifted`. `weight` is the batch's weight in the mean if the method accumulates, such
// as its number of samples: 0, or in [1e-30, 1e30].
template <class T>
struct StepInputs {
  std::optional<double> loss = {};
  std::vector<std::span<const T>> second = {};
  double weight = 1;
};

// The progress of an optimizer; with the state arrays, its whole state
struct Progress {
  std::uint64_t steps = 0;     // updates
  double memory = 0;           // the number that the rule carries from step to step
  std::uint64_t averaged = 0;  // updates in the average of the weights
  std::uint64_t batches = 0;   // since the last update; then the sums of their weights and weighted losses
  double weight = 0, loss = 0;
};

// T is float or double: the type of the arrays, of the state and of the arithmetic.
//
// A step gives the same bits as a step of a network with these weights and gradients, for any number of
// threads. With a rule that looks ahead, the arrays hold the point where gradients must be taken: w +
// momentum v with Nesterov's. Only one call may run at a time; a second one throws BusyError. A moved-from
// optimizer throws ValueError.
template <class T>
class Optimizer {
 public:
  // The arrays are borrowed and must outlive this object; the state is that of a fresh rule. `inputs` holds
  // n_in for each array of weights, (n_in, units) and row-major, and 0 for biases, which do not decay. If it
  // is empty, all arrays are weights.
  // Throws ValueError if hyper-parameters are out of range, if arrays overlap, and if fan_in_power is given
  // without inputs.
  Optimizer(const Method& method, std::vector<std::span<T>> arrays, std::vector<std::size_t> inputs = {});
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  // One step of the rule on all arrays: gradients[i] has the size of array i. If the method accumulates, only
  // every `accumulate`-th call is a step. Gradients that are not finite are applied as they are. Throws
  // ValueError, before writing anything, for wrong sizes, for gradients that overlap an array, and if an
  // input that the rule needs is missing.
  void step(const std::vector<std::span<const T>>& gradients, const StepInputs<T>& inputs = {});
  // out[i] = the weights at which the rule needs the second gradient of array i. Throws ValueError if the
  // rule uses none, and if memory overlaps an array, a gradient or another output.
  void shifted(const std::vector<std::span<const T>>& gradients, const std::vector<std::span<T>>& out) const;

  Method method() const;
  // Changes the hyper-parameters, but not the kind of rule. The state stays; slots that were not in use start
  // fresh. If a rule that looks ahead gets a new momentum, the arrays move to the new look-ahead point. A new
  // average or a new group size starts over. Throws ValueError.
  void set_method(const Method& method);

  std::uint64_t steps() const { return progress().steps; }
  Progress progress() const;
  // Names of the state arrays, each as large as all arrays together: the slots of the rule and, if the method
  // has them, the "average" of the weights and the "sum" of gradients since the last update
  std::vector<std::string> slot_names() const;
  // Name of the number that the rule carries from step to step, or an empty string
  std::string memory_name() const;
  // The part of a slot that belongs to an array. Throws ValueError if there is none, for a wrong size and,
  // like the functions below, for memory that overlaps an array.
  void get_slot(std::size_t slot, std::size_t array, std::span<T> out) const;
  // The true weights of an array: w if the rule looks ahead, else what the array holds
  void get_weights(std::size_t array, std::span<T> out) const;
  // The average of an array's weights. Throws ValueError if the method has none.
  void get_average(std::size_t array, std::span<T> out) const;
  // Restores the whole state; the slots are values[slot][array]. Throws ValueError without writing anything.
  void set_state(const Progress& progress, const std::vector<std::vector<std::span<const T>>>& values);

 private:
  struct State;
  Owned<State> state_;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace fanin

#pragma GCC visibility pop
