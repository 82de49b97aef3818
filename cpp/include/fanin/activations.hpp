// The list of activations. Each has its value and its derivatives, on one vector of any width:
//
// backward(da, z, a) is da times the derivative at z, with a = value(z); second(da, z, a) is da times the
// second derivative, if that is not 0 almost everywhere (bends). If they need z itself, needs_input is true;
// otherwise they are computed from a alone, and z is not kept. fan_in_variance is the
// variance of the initial weights times the fan-in, chosen to preserve the scale of signals from layer to
// layer (LeCun et al. 1998: 1; He et al. 2015: 2, because relu passes only half of the signal).
#pragma once

#include "fanin/activations/gated.hpp"
#include "fanin/activations/rectified.hpp"
#include "fanin/activations/sigmoid.hpp"
#include "fanin/list.hpp"

namespace fanin {

using Activations = List<Identity, Logistic, Tanh, Relu, SymmetricLogistic, LeakyRelu, Elu, Selu, Softplus,
                         Softsign, Gelu, GeluTanh, Silu, Mish, HardSigmoid>;

// An activation chosen at run time, such as Relu{}, stored as its place in the list
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
