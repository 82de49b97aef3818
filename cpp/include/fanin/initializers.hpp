// Initial values of weights and biases, and the list of all initializers.
//
// Most draw numbers with mean zero and a standard deviation scaled by the fan, so that the variance of a
// unit's input does not grow with its number of inputs. The textbook's "small random weights" are symmetric
// about zero (not rand's 0..1), scaled by 1 / sqrt(fan-in), not sqrt(fan-in). An initializer is a struct with
//   name, fields(self, f)   as in an update rule
// and one of
//   drawn, deviation(fan)   every value is drawn from this distribution, with mean 0 and this deviation
//   value                   all values equal this
//   a case of its own in src/layers/initial_values.cpp: Sparse, Orthogonal, IdentityMatrix, Values
// A bias uses the fan of its layer, and its values follow those of the weights as one more row. All draws
// depend only on the seed, the layer and the position in the layer.
#pragma once

#include <cstddef>
#include <vector>

#include "fanin/fields.hpp"
#include "fanin/variant.hpp"

namespace fanin {

enum class Drawn { normal, uniform };

// A layer's inputs and units, and the fan_in_variance of its activation.
struct Fan {
  double in, out, activation_variance;
};

// The activation's own choice: normal, deviation gain * sqrt(fan_in_variance / n_in).
struct Automatic {
  static constexpr const char* name = "auto";
  static constexpr Drawn drawn = Drawn::normal;
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
  double deviation(const Fan& fan) const { return gain * __builtin_sqrt(fan.activation_variance / fan.in); }
};

// He et al. 2015: deviation gain * sqrt(2 / n_in), for relu, which halves the mean square. (With the
// textbook's sqrt(1 / n_in) the mean square of a relu network's signal halves in each layer.)
template <Drawn D>
struct He {
  static constexpr const char* name = D == Drawn::normal ? "he_normal" : "he_uniform";
  static constexpr Drawn drawn = D;
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
  double deviation(const Fan& fan) const { return gain * __builtin_sqrt(2 / fan.in); }
};
using HeNormal = He<Drawn::normal>;
using HeUniform = He<Drawn::uniform>;

// Glorot and Bengio 2010: deviation gain * sqrt(2 / (n_in + n_out)), a compromise between the forward and
// the backward pass.
template <Drawn D>
struct Glorot {
  static constexpr const char* name = D == Drawn::normal ? "glorot_normal" : "glorot_uniform";
  static constexpr Drawn drawn = D;
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
  double deviation(const Fan& fan) const { return gain * __builtin_sqrt(2 / (fan.in + fan.out)); }
};
using GlorotNormal = Glorot<Drawn::normal>;
using GlorotUniform = Glorot<Drawn::uniform>;

// LeCun et al. 1998, 4.6: deviation gain / sqrt(n_in), which gives z the variance of the inputs.
template <Drawn D>
struct Lecun {
  static constexpr const char* name = D == Drawn::normal ? "lecun_normal" : "lecun_uniform";
  static constexpr Drawn drawn = D;
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
  double deviation(const Fan& fan) const { return gain * __builtin_sqrt(1 / fan.in); }
};
using LecunNormal = Lecun<Drawn::normal>;
using LecunUniform = Lecun<Drawn::uniform>;

// All values the same. Units that start equal and are used alike stay equal: for biases and last layers.
struct Constant {
  static constexpr const char* name = "constant";
  double value = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("value", self.value, any_number());
  }
};

struct Zeros {
  static constexpr const char* name = "zeros";
  static constexpr double value = 0;
  template <class Self, class F>
  static void fields(Self&, F&&) {}
};

// For the biases of the layer of outputs, a Dense with the activation identity that is last: 0 until the
// first epoch of a network starts, which sets them, unless they have been changed, to the constants that have
// the least mean loss over its training set: the mean, the log-odds of a frequency, the log frequencies of
// classes, a quantile (see `constant` and `level` in losses.hpp). The loss then starts at the variance or the
// entropy of the targets, which training has to reach first otherwise (docs/textbook.md, row 39).
struct BaseRate {
  static constexpr const char* name = "base_rate";
  static constexpr double value = 0;
  template <class Self, class F>
  static void fields(Self&, F&&) {}
};

// Martens 2010: each unit has this many nonzero incoming weights, from randomly chosen distinct inputs,
// normal with this deviation; its other weights are 0. The variance of z does not grow with the number of
// inputs, and units differ more than with dense weights. Not for biases, nor for layers with fewer inputs
// than connections.
struct Sparse {
  static constexpr const char* name = "sparse";
  std::size_t connections = 15;
  double deviation = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("connections", self.connections, at_least(1));
    field("deviation", self.deviation, above_0());
  }
};

// Saxe, McClelland and Ganguli 2014: gain times a random matrix whose columns are orthonormal or, with more
// units than inputs, whose rows are; every such matrix is equally likely. So x w is as long as x or, with
// fewer units than inputs, not longer. It is the Q of the QR decomposition of normal random numbers, R having
// a positive diagonal, computed in double precision with about 4 min(n_in, n_out)^2 max(n_in, n_out) flops.
// Not for biases.
struct Orthogonal {
  static constexpr const char* name = "orthogonal";
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
};

// gain on the main diagonal, else 0: for recurrent weights of rectified units (Le et al. 2015). Not for
// biases.
struct IdentityMatrix {
  static constexpr const char* name = "identity";
  double gain = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("gain", self.gain, above_0());
  }
};

// The caller's values: weights (inputs, units) row-major, or biases (units).
struct Values {
  static constexpr const char* name = "values";
  std::vector<double> array = {};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("array", self.array, any_number());
  }
};

using Initializers =
    List<Automatic, HeNormal, HeUniform, GlorotNormal, GlorotUniform, LecunNormal, LecunUniform, Constant,
         Zeros, BaseRate, Sparse, Orthogonal, IdentityMatrix, Values>;

// One initializer with its hyper-parameters.
using Initializer = decltype(variant_of(Initializers{}));

}  // namespace fanin
