// A dense layer with the weights of an earlier one, as a value.
#pragma once

#include <cstddef>

#include "fanin/activations.hpp"
#include "fanin/initializers.hpp"

namespace fanin {

// f(x w' + b), with w the weights of an earlier Dense: as many outputs as that has inputs
struct Tied {
  static constexpr const char* name = "tied";
  std::size_t layer = 0;  // the number of that Dense, 1 for the first layer; must be set
  Activation activation = fanin::activation<Identity>;
  Initializer bias_initializer = Zeros{};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("layer", self.layer, at_least(1));
    field("activation", self.activation);
    field("bias_initializer", self.bias_initializer, Initializers{});
  }
};

}  // namespace fanin
