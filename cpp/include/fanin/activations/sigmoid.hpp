// Activations between two limits.
#pragma once

namespace fanin {

// a = 1 / (1 + e^-z),  da/dz = a (1 - a)
struct Logistic {
  static constexpr const char* name = "logistic";
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return logistic(z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * (a * (V(1.0) - a));
  }
  template <class V>
  static V second(V da, V, V a) {
    return da * (a * (V(1.0) - a)) * fma(V(-2.0), a, V(1.0));
  }
};

// a = (e^z - e^-z) / (e^z + e^-z),  da/dz = 1 - a^2
struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return tanh(z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * fma(-a, a, V(1.0));
  }
  template <class V>
  static V second(V da, V, V a) {
    return V(-2.0) * a * (da * fma(-a, a, V(1.0)));
  }
};

// a = 2 / (1 + e^-z) - 1 = tanh(z / 2),  da/dz = (1 - a^2) / 2. (Lecture notes that
// call 2 logistic(z) - 1 "tanh" mean this function.)
struct SymmetricLogistic {
  static constexpr const char* name = "symmetric_logistic";
  static constexpr double fan_in_variance = 4;  // that of tanh, for half the slope
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return tanh(V(0.5) * z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * fma(V(-0.5) * a, a, V(0.5));
  }
  template <class V>
  static V second(V da, V, V a) {
    return -a * (da * fma(V(-0.5) * a, a, V(0.5)));
  }
};

// a = z / (1 + |z|),  da/dz = (1 - |a|)^2
struct Softsign {
  static constexpr const char* name = "softsign";
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return z / (V(1.0) + abs(z));
  }
  template <class V>
  static V backward(V da, V, V a) {
    const V rest = V(1.0) - abs(a);
    return da * (rest * rest);
  }
  template <class V>
  static V second(V da, V, V a) {
    const V rest = V(1.0) - abs(a);
    return copy_sign(V(2.0) * (rest * rest * rest), -a) * da;
  }
};

// a = z / 6 + 1/2 clipped to [0, 1],  da/dz = 1/6 for -3 < z < 3, else 0. Computed from the nearer end, so
// that a is never 0 or 1 for -3 < z < 3.
struct HardSigmoid {
  static constexpr const char* name = "hard_sigmoid";
  // Like logistic: values near 1/2 preserve the mean square by themselves. Weights large enough to make up
  // for the slope of 1/6 would saturate the units.
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = false;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    const V beyond = V(1.0 / 6) * (V(3.0) - abs(z)), tail = select(beyond <= V(0.0), V(0.0), beyond);
    return select(z <= V(0.0), tail, V(1.0) - tail);
  }
  template <class V>
  static V backward(V da, V, V a) {
    const V slope = V(1.0 / 6) * da;
    return select(a <= V(0.0), V(0.0), select(a >= V(1.0), V(0.0), slope));
  }
};

}  // namespace fanin
