// Activations that are linear, or nearly, above 0.
#pragma once

namespace fanin {

// a = z
struct Identity {
  static constexpr const char* name = "identity";
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = false;
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

// a = max(0, z),  da/dz = 1 for z > 0, else 0. NaN stays NaN, so that divergence is noticed.
struct Relu {
  static constexpr const char* name = "relu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = false;
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

// a = z for z > 0, else z / 100
struct LeakyRelu {
  static constexpr const char* name = "leaky_relu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = false;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), V(0.01) * z, z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return select(a <= V(0.0), V(0.01) * da, da);
  }
};

// a = z for z > 0, else e^z - 1 (Clevert et al. 2016);  da/dz = 1, else a + 1
struct Elu {
  static constexpr const char* name = "elu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), expm1(z), z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return select(a <= V(0.0), fma(da, a, da), da);
  }
  template <class V>
  static V second(V da, V, V a) {
    return select(a <= V(0.0), fma(da, a, da), V(0.0));
  }
};

// a = scale z for z > 0, else scale alpha (e^z - 1), with the constants of Klambauer et al. 2017 and LeCun's
// initial weights
struct Selu {
  static constexpr const char* name = "selu";
  static constexpr double fan_in_variance = 1;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  static constexpr double scale = 1.0507009873554805, alpha = 1.6732632423543772;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), V(scale * alpha) * expm1(z), V(scale) * z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * select(a <= V(0.0), a + V(scale * alpha), V(scale));
  }
  template <class V>
  static V second(V da, V, V a) {
    return select(a <= V(0.0), da * (a + V(scale * alpha)), V(0.0));
  }
};

// a = log(1 + e^z) = max(z, 0) + log(1 + e^-|z|),  da/dz = 1 - e^-a
struct Softplus {
  static constexpr const char* name = "softplus";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), V(0.0), z) + log1p(exp(-abs(z)));
  }
  template <class V>
  static V backward(V da, V, V a) {
    return -(da * expm1(-a));
  }
  template <class V>
  static V second(V da, V, V a) {
    const V s = -expm1(-a);
    return da * s * (V(1.0) - s);
  }
};

}  // namespace fanin
