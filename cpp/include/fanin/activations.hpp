// Activations: the value and the derivative of each, on one vector of any width, and the list of them all.
//
// backward(da, z, a) is da times the derivative at z, where a = value(z). An activation whose derivative
// needs z itself says `needs_input`; the others are computed from a alone, and z is not kept. fan_in_variance
// is the variance of initial weights times the fan-in that keeps the scale of signals from layer to layer
// (LeCun et al. 1998: 1; He et al. 2015: 2, as relu passes half of it).
#pragma once

#include "fanin/list.hpp"

namespace fanin {

// a = z
struct Identity {
  static constexpr const char* name = "identity";
  static constexpr double fan_in_variance = 1;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return z;
  }
  template <class V>
  static V backward(V da, V, V) {
    return da;
  }
};

// a = 1 / (1 + e^-z),  da/dz = a (1 - a)
struct Logistic {
  static constexpr const char* name = "logistic";
  static constexpr double fan_in_variance = 1;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return logistic(z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * (a * (V(1.0) - a));
  }
};

// a = (e^z - e^-z) / (e^z + e^-z),  da/dz = 1 - a^2
struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr double fan_in_variance = 1;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return tanh(z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * fma(-a, a, V(1.0));
  }
};

// a = max(0, z),  da/dz = 1 for z > 0, else 0. A NaN stays a NaN, so that a diverged net is seen.
struct Relu {
  static constexpr const char* name = "relu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), V(0.0), z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return select(a <= V(0.0), V(0.0), da);
  }
};

using Activations = List<Identity, Logistic, Tanh, Relu>;

// An activation chosen at run time: its place in the list.
enum class Activation : int {};

template <class A>
inline constexpr Activation activation = Activation{index_in<A, Activations>};

}  // namespace fanin
