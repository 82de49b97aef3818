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

// a = 2 / (1 + e^-z) - 1 = tanh(z / 2),  da/dz = (1 - a^2) / 2. (Notes that call 2 logistic(z) - 1 "tanh"
// mean this.)
struct SymmetricLogistic {
  static constexpr const char* name = "symmetric_logistic";
  static constexpr double fan_in_variance = 4;  // tanh's, for half the slope
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return tanh(V(0.5) * z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return da * fma(V(-0.5) * a, a, V(0.5));
  }
};

// a = z for z > 0, else z / 100
struct LeakyRelu {
  static constexpr const char* name = "leaky_relu";
  static constexpr double fan_in_variance = 2;
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
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), expm1(z), z);
  }
  template <class V>
  static V backward(V da, V, V a) {
    return select(a <= V(0.0), fma(da, a, da), da);
  }
};

// a = scale z for z > 0, else scale alpha (e^z - 1), constants of Klambauer et al. 2017, with LeCun's initial
// weights
struct Selu {
  static constexpr const char* name = "selu";
  static constexpr double fan_in_variance = 1;
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
};

// a = log(1 + e^z) = max(z, 0) + log(1 + e^-|z|),  da/dz = 1 - e^-a
struct Softplus {
  static constexpr const char* name = "softplus";
  static constexpr double fan_in_variance = 2;
  static constexpr bool needs_input = false;
  template <class V>
  static V value(V z) {
    return select(z <= V(0.0), V(0.0), z) + log1p(exp(-abs(z)));
  }
  template <class V>
  static V backward(V da, V, V a) {
    return -(da * expm1(-a));
  }
};

// a = z / (1 + |z|),  da/dz = (1 - |a|)^2
struct Softsign {
  static constexpr const char* name = "softsign";
  static constexpr double fan_in_variance = 1;
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
};

// a = z Phi(z) = z (1 + erf(z / sqrt 2)) / 2 (Hendrycks and Gimpel 2016),  da/dz = Phi(z) + z phi(z)
struct Gelu {
  static constexpr const char* name = "gelu";
  static constexpr double fan_in_variance = 2;
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
};

// a = z (1 + tanh u) / 2, u = sqrt(2 / pi) (z + 0.044715 z^3): the approximation of gelu in the same paper
struct GeluTanh {
  static constexpr const char* name = "gelu_tanh";
  static constexpr double fan_in_variance = 2;
  static constexpr bool needs_input = true;
  static constexpr double c = 0.7978845608028654, c3 = 0.044715 * c;
  // |z| beyond 30 gives the same tanh, and its cube would overflow
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
};

// a = z s(z) with s the logistic function (also called swish),  da/dz = s + z s (1 - s)
struct Silu {
  static constexpr const char* name = "silu";
  static constexpr double fan_in_variance = 2;
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
};

// a = z tanh(log(1 + e^z)) (Misra 2019). With e = e^z, tanh(log(1 + e)) = t = n / (n + 2), n = e (e + 2);
// da/dz = t + z (1 - t^2) e / (1 + e)
struct Mish {
  static constexpr const char* name = "mish";
  static constexpr double fan_in_variance = 2;
  static constexpr bool needs_input = true;
  // from 20 on t is 1, and the slope's second term is nothing
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
};

// a = z / 6 + 1/2 clipped to [0, 1],  da/dz = 1/6 for -3 < z < 3, else 0. The nearer end is subtracted from,
// so that a is 0 or 1 for no z between them.
struct HardSigmoid {
  static constexpr const char* name = "hard_sigmoid";
  // As logistic: values near 1/2 keep the mean square by themselves. Weights that made up for the slope of
  // 1/6 would drive units to the ends.
  static constexpr double fan_in_variance = 1;
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

using Activations = List<Identity, Logistic, Tanh, Relu, SymmetricLogistic, LeakyRelu, Elu, Selu, Softplus,
                         Softsign, Gelu, GeluTanh, Silu, Mish, HardSigmoid>;

// An activation chosen at run time, such as Relu{}: its place in the list.
class Activation {
 public:
  template <class A>
    requires(is_in<A, Activations>)
  constexpr Activation(A) : place_(index_in<A, Activations>) {}
  explicit constexpr Activation(int place) : place_(place) {}
  explicit constexpr operator int() const { return place_; }
  friend constexpr bool operator==(Activation, Activation) = default;

 private:
  int place_;
};

template <class A>
inline constexpr Activation activation = A{};

}  // namespace fanin
