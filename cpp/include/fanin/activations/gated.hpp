// Activations that are z times a gate between 0 and 1.
#pragma once

namespace fanin {

// a = z Phi(z) = z (1 + erf(z / sqrt 2)) / 2 (Hendrycks and Gimpel 2016),  da/dz = Phi(z) + z phi(z)
struct Gelu {
  static constexpr const char* name = "gelu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = true;
  template <class V>
  static V value(V z) {
    return z * normal_cdf(z);
  }
  template <class V>
  static V backward(V da, V z, V) {
    const V density = V(0.3989422804014327) * exp(V(-0.5) * z * z);
    return da * fma(z, density, normal_cdf(z));
  }
  template <class V>
  static V second(V da, V z, V) {
    const V density = V(0.3989422804014327) * exp(V(-0.5) * z * z);
    return da * density * fma(-z, z, V(2.0));
  }
};

// a = z (1 + tanh u) / 2, u = sqrt(2 / pi) (z + 0.044715 z^3): the approximation of gelu in the same paper
struct GeluTanh {
  static constexpr const char* name = "gelu_tanh";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = true;
  static constexpr double c = 0.7978845608028654, c3 = 0.044715 * c;
  // Beyond |z| = 30, tanh does not change, and z^3 could overflow.
  template <class V>
  static V bounded(V z) {
    return min(V(30.0), max(V(-30.0), z));
  }
  template <class V>
  static V value(V z) {
    const V y = bounded(z), t = tanh(y * fma(V(c3), y * y, V(c)));
    return z * fma(V(0.5), t, V(0.5));
  }
  template <class V>
  static V backward(V da, V z, V) {
    const V y = bounded(z), y2 = y * y, t = tanh(y * fma(V(c3), y2, V(c)));
    const V slope = fma(V(3 * c3), y2, V(c)) * fma(-t, t, V(1.0));
    return da * fma(V(0.5) * y, slope, fma(V(0.5), t, V(0.5)));
  }
  template <class V>
  static V second(V da, V z, V) {
    const V y = bounded(z), y2 = y * y, t = tanh(y * fma(V(c3), y2, V(c)));
    const V slope = fma(V(3 * c3), y2, V(c));  // of u
    return da * fma(-t, t, V(1.0)) * (fma(V(3 * c3), y2, slope) - y * t * slope * slope);
  }
};

// a = z s(z) with s the logistic function (also called swish),  da/dz = s + z s (1 - s)
struct Silu {
  static constexpr const char* name = "silu";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = true;
  template <class V>
  static V value(V z) {
    return z * logistic(z);
  }
  template <class V>
  static V backward(V da, V z, V) {
    const V s = logistic(z);
    return da * fma(z * s, V(1.0) - s, s);
  }
  template <class V>
  static V second(V da, V z, V) {
    const V s = logistic(z);
    return da * (s * logistic(-z)) * fma(z, fma(V(-2.0), s, V(1.0)), V(2.0));
  }
};

// a = z tanh(log(1 + e^z)) (Misra 2019). With e = e^z, tanh(log(1 + e)) = t = n / (n + 2), n = e (e + 2);
// da/dz = t + z (1 - t^2) e / (1 + e)
struct Mish {
  static constexpr const char* name = "mish";
  static constexpr double fan_in_variance = 2;
  static constexpr bool bends = true;
  static constexpr bool needs_input = true;
  // From z = 20 on, t is 1, and the second term of the slope vanishes.
  template <class V>
  static V capped_exp(V z) {
    return exp(min(V(20.0), z));
  }
  template <class V>
  static V value(V z) {
    const V e = capped_exp(z), n = e * (e + V(2.0));
    return z * (n / (n + V(2.0)));
  }
  template <class V>
  static V backward(V da, V z, V) {
    const V e = capped_exp(z), n = e * (e + V(2.0)), d = n + V(2.0), t = n / d;
    // 1 - t^2 = (1 - t) (1 + t) = 2 / d (1 + t), without cancellation
    const V slope = (V(2.0) / d) * (V(1.0) + t) * (e / (V(1.0) + e));
    return da * fma(min(V(20.0), z), slope, t);
  }
  template <class V>
  static V second(V da, V z, V) {
    const V e = capped_exp(z), n = e * (e + V(2.0)), d = n + V(2.0), t = n / d, s = e / (V(1.0) + e);
    const V of_t = (V(2.0) / d) * (V(1.0) + t) * s;
    return da * of_t * fma(min(V(20.0), z), V(1.0) - s - V(2.0) * t * s, V(2.0));
  }
};

}  // namespace fanin
