// What an update rule is applied to, and what is applied around it.
#pragma once

#include <cstddef>

namespace fanin {

struct IdleStep;

// What is applied around a rule, for the parameters of one array; see kernels/update.hpp
struct Around {
  double scale = 1, l1 = 0, l2 = 0, l2_of_sum = 0;
  bool decays = false, frozen = false;
};
// The parameters from the end of the previous segment to `end`
struct Segment {
  std::size_t end;
  Around around;
};

// g -> (g mean clipped to [-limit, limit]) shrink
template <class T>
struct Limits {
  T mean = 1, limit = __builtin_inf(), shrink = 1;
};

// average <- average + share (w - average), with w the weights shown to users
template <class T>
struct Averaging {
  T* average = nullptr;  // null: no average
  double share = 0;
};

// How far a rule looks ahead, and the place of each slot of its list among those in use, or -1
struct LookAhead {
  double ahead = 0;
  const int* place = nullptr;  // null: it does not look ahead
};

// The step of matrices by a rule that steps them as a whole; see src/rules/matrices.hpp
struct MatrixStep {
  double rate = 0, momentum = 0;
};

// The state of an update rule, and the parameters that it is applied to. Slot s of parameter i is
// slots[s * slot_stride + i]. Without segments, nothing is applied around the rule; else they cover all
// parameters.
template <class T>
struct Update {
  int rule;
  const void* constants;
  T* parameters;
  T* slots;
  std::size_t slot_stride;
  const T* second = nullptr;  // the second gradient, for rules that need it
  const Segment* segments = nullptr;
  double rate = 0, decay = 0;  // the learning rate, and the weight decay, which it scales
  double share_of_sum = 0;     // what the mean over the batch divides by: 1 / the sum of its weights
  Limits<T> limits = {};
  Averaging<T> averaging = {};
  LookAhead look_ahead = {};
  MatrixStep matrices = {};
  const IdleStep* idle = nullptr;  // what the step does where the gradient is 0, if the rule says so
  int slot_count = 0;
  std::size_t next = 0;  // distance to the parameters to be updated next, for prefetching
};

}  // namespace fanin
