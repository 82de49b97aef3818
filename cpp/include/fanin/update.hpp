// An update rule on arrays of the caller's own, in place.
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

// What some rules want beside the gradients: iRprop+ the loss, SchaulVSGD a second gradient, of the same data
// at the weights that `shifted` gives; and the batch's weight in the mean of a method that accumulates, such
// as its number of samples: 0, or in [1e-30, 1e30]
template <class T>
struct StepInputs {
  std::optional<double> loss = {};
  std::vector<std::span<const T>> second = {};
  double weight = 1;
};

// How far an optimizer is, beside its state arrays
struct Progress {
  std::uint64_t steps = 0;     // updates
  double memory = 0;           // the one number that the rule keeps from step to step
  std::uint64_t averaged = 0;  // updates in the average of the weights
  std::uint64_t batches = 0;   // since the last update, with the sums of their weights and weighted losses
  double weight = 0, loss = 0;
};

// T is float or double: the type of the arrays, of the state and of the arithmetic.
//
// A step gives the bits a network gives whose weights and gradients are these, for any number of threads.
// With a rule that looks ahead (Nesterov's) the arrays are w + momentum v, where gradients are to be taken.
// One call at a time: another one meanwhile throws BusyError. An optimizer that was moved from throws
// ValueError.
template <class T>
class Optimizer {
 public:
  // The arrays are borrowed and must outlive this object; the state starts at the rule's start. `inputs` are
  // n_in of each array (n_in, units) of weights, row-major, and 0 for biases, which do not decay; without it
  // all are weights.
  // Throws ValueError for hyper-parameters out of range, arrays that overlap, and rates by fan-in without
  // inputs.
  Optimizer(const Method& method, std::vector<std::span<T>> arrays, std::vector<std::size_t> inputs = {});
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  // One step of the rule on all arrays: gradients[i] has the size of array i. Where the method accumulates,
  // only every so many calls are a step. Gradients that are not finite are applied as they are. Throws
  // ValueError, before anything is written, for other sizes, for gradients that overlap an array, and without
  // what the rule needs.
  void step(const std::vector<std::span<const T>>& gradients, const StepInputs<T>& inputs = {});
  // out[i] = where the rule wants the second gradient of array i. Throws ValueError where it wants none, and
  // for memory that overlaps an array, a gradient or another one of `out`.
  void shifted(const std::vector<std::span<const T>>& gradients, const std::vector<std::span<T>>& out) const;

  Method method() const;
  // Other hyper-parameters for the same kind of rule; the state stays, and slots that were not in use begin.
  // Another momentum of a rule that looks ahead moves the arrays to where it looks. Another average or group
  // of batches begins anew. Throws ValueError.
  void set_method(const Method& method);

  std::uint64_t steps() const { return progress().steps; }
  Progress progress() const;
  // Names of the state arrays, each as large as all arrays together: the slots of the rule, the "average" of
  // the weights, and the "sum" of gradients since the last update, where the method has them
  std::vector<std::string> slot_names() const;
  // Name of the one number that the rule keeps from step to step, or nothing
  std::string memory_name() const;
  // The part of a slot that belongs to an array. Throws ValueError where there is none, for another size and,
  // as those below, for memory that overlaps an array.
  void get_slot(std::size_t slot, std::size_t array, std::span<T> out) const;
  // The true weights of an array: w where a rule looks ahead, else what it holds.
  void get_weights(std::size_t array, std::span<T> out) const;
  // The average of the weights of an array. Throws ValueError where the method has none.
  void get_average(std::size_t array, std::span<T> out) const;
  // The whole state as after so many steps: values[slot][array]. Throws ValueError, and writes nothing then.
  void set_state(const Progress& progress, const std::vector<std::vector<std::span<const T>>>& values);

 private:
  struct State;
  Owned<State> state_;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace fanin

#pragma GCC visibility pop
