// An activation as a layer, as a value.
#pragma once

#include "fanin/activations.hpp"

namespace fanin {

// f(x), elementwise, of the previous layer's output. After a Dense without an activation it is merged into
// the Dense at no extra cost.
struct ActivationLayer {
  static constexpr const char* name = "activation";
  Activation activation = fanin::activation<Identity>;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("activation", self.activation);
  }
};

}  // namespace fanin
