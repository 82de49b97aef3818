// An update rule on arrays of the caller's own, in place.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fanin/rule.hpp"

namespace fanin {

// T is float or double: the type of the arrays, of the state and of the arithmetic.
//
// A step gives the bits a network gives whose weights and gradients are these, for any number of threads.
// One call at a time: another one meanwhile, but for `steps` and `slots`, throws BusyError.
template <class T>
class Optimizer {
 public:
  // The arrays are borrowed and must outlive this object; the state starts at zero.
  // Throws ValueError for hyper-parameters out of range and arrays that overlap.
  Optimizer(const Rule& rule, std::vector<std::span<T>> arrays);
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  // One step of the rule on all arrays: gradients[i] has the size of array i. Gradients that are not finite
  // are applied as they are. Throws ValueError, before anything is written, for other sizes and for gradients
  // that overlap an array.
  void step(const std::vector<std::span<const T>>& gradients);

  Rule rule() const;
  // Other hyper-parameters for the same kind of rule; the state stays. Throws ValueError.
  void set_rule(const Rule& rule);

  std::uint64_t steps() const;  // taken so far
  std::size_t slots() const;    // state arrays of the rule, each as large as all arrays together
  // The part of a slot that belongs to an array. Throws ValueError where there is none, or of another size.
  void get_slot(std::size_t slot, std::size_t array, std::span<T> out) const;
  // The whole state as after so many steps: values[slot][array]. Throws ValueError, and writes nothing then.
  void set_state(std::uint64_t steps, const std::vector<std::vector<std::span<const T>>>& values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace fanin
