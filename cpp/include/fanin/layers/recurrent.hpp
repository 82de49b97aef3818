// Recurrent layers as values.
#pragma once

#include <cstddef>

#include "fanin/activations.hpp"
#include "fanin/fields.hpp"
#include "fanin/initializers.hpp"

namespace fanin {

// Each has an output h_t of `units` numbers at each step t of a sequence, or only the last one. Weights W are
// (inputs, units), and R (units, units), for each gate; an array of initial values is for every gate.

// h_t = f(x_t W + h_(t-1) R + b) (Elman 1990). With relu and R = identity at the start it is the IRNN of Le
// et al. 2015.
struct Recurrent {
  static constexpr const char* name = "recurrent";
  static constexpr bool recurs = true;
  std::size_t units = 0;  // must be set: a network rejects 0
  Activation activation = fanin::activation<Tanh>;
  bool return_sequences = false;
  Initializer initializer = Automatic{};
  Initializer recurrent_initializer = Orthogonal{};
  Initializer bias_initializer = Zeros{};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("units", self.units, at_least(1));
    field("activation", self.activation);
    field("return_sequences", self.return_sequences);
    field("initializer", self.initializer, Initializers{});
    field("recurrent_initializer", self.recurrent_initializer, Initializers{});
    field("bias_initializer", self.bias_initializer, Initializers{});
  }
};

// r, z = logistic(x_t W + h_(t-1) R + b), n = tanh(x_t W_n + b_n + r (h_(t-1) R_n + c_n)),
// h_t = (1 - z) n + z h_(t-1): Cho et al. 2014, with the reset gate after the product, as PyTorch and cuDNN
// have it
struct GRU {
  static constexpr const char* name = "gru";
  static constexpr bool recurs = true;
  std::size_t units = 0;  // must be set: a network rejects 0
  bool return_sequences = false;
  Initializer initializer = Automatic{};
  Initializer recurrent_initializer = Orthogonal{};
  Initializer bias_initializer = Zeros{};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("units", self.units, at_least(1));
    field("return_sequences", self.return_sequences);
    field("initializer", self.initializer, Initializers{});
    field("recurrent_initializer", self.recurrent_initializer, Initializers{});
    field("bias_initializer", self.bias_initializer, Initializers{});
  }
};

// i, f, o = logistic(x_t W + h_(t-1) R + b), g = tanh(x_t W_g + h_(t-1) R_g + b_g),
// c_t = f c_(t-1) + i g, h_t = o tanh(c_t): Hochreiter and Schmidhuber 1997, with the forget gate of Gers et
// al. 2000 and without peepholes. `forget_bias` is added to the initial biases of f (Jozefowicz et al. 2015).
struct LSTM {
  static constexpr const char* name = "lstm";
  static constexpr bool recurs = true;
  std::size_t units = 0;  // must be set: a network rejects 0
  bool return_sequences = false;
  Initializer initializer = Automatic{};
  Initializer recurrent_initializer = Orthogonal{};
  Initializer bias_initializer = Zeros{};
  double forget_bias = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("units", self.units, at_least(1));
    field("return_sequences", self.return_sequences);
    field("initializer", self.initializer, Initializers{});
    field("recurrent_initializer", self.recurrent_initializer, Initializers{});
    field("bias_initializer", self.bias_initializer, Initializers{});
    field("forget_bias", self.forget_bias, any_number());
  }
};

}  // namespace fanin
