// An activation as a layer of its own, as a value.
#pragma once

#include "fanin/activations.hpp"

namespace fanin {

// f(x), element by element, of what the layer before it gives. After a Dense without an activation it is that
// of the Dense, and costs no more.
struct ActivationLayer {
  static constexpr const char* name = "activation";
  Activation activation = fanin::activation<Identity>;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("activation", self.activation);
  }
};

}  // namespace fanin
