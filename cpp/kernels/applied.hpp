// Where an update rule is applied, and what goes on around it.
#pragma once

#include <cstddef>

namespace fanin {

// What goes on around a rule, for the parameters of one array; see kernels/update.hpp
struct Around {
  double scale = 1, decay = 0, l1 = 0, l2 = 0;
  bool frozen = false;
};
// The parameters from the end of the segment before it on
struct Segment {
  std::size_t end;
  Around around;
};

// g -> (g mean clipped to [-limit, limit]) shrink
template <class T>
struct Limits {
  T mean = 1, limit = __builtin_inf(), shrink = 1;
};

// average <- average + share (w - average), with w as people see it
template <class T>
struct Averaging {
  T* average = nullptr;  // none
  double share = 0;
};

// How far a rule looks ahead, and which of the slots in use each one of its own list is, if it is in use
struct LookAhead {
  double ahead = 0;
  const int* place = nullptr;  // it does not
};

// The state of an update rule and where it is applied: slot s of parameter i is slots[s * slot_stride + i].
// Without segments there is nothing around the rule; else they reach to the last parameter.
template <class T>
struct Update {
  int rule;
  const void* constants;
  T* parameters;
  T* slots;
  std::size_t slot_stride;
  const T* second = nullptr;  // of each parameter, for rules that want a second gradient
  const Segment* segments = nullptr;
  double rate = 0;  // the rule's, which scales a decay
  Limits<T> limits = {};
  Averaging<T> averaging = {};
  LookAhead look_ahead = {};
  std::size_t next = 0;  // so much further on is what will be updated next: it is asked for
};

}  // namespace fanin
