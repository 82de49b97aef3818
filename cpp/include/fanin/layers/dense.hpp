// The fully connected layer as a value.
#pragma once

#include <cstddef>
#include <optional>

#include "fanin/activations.hpp"
#include "fanin/initializers.hpp"
#include "fanin/layers/batch_norm.hpp"

namespace fanin {

// units outputs, each f(x w + b); with batch norm, beta takes the place of b
struct Dense {
  static constexpr const char* name = "dense";
  std::size_t units = 0;  // must be set: a network rejects 0
  Activation activation = fanin::activation<Identity>;
  Initializer initializer = Automatic{};
  Initializer bias_initializer = Zeros{};
  std::optional<BatchNorm> batch_norm = {};
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("units", self.units, at_least(1));
    field("activation", self.activation);
    field("initializer", self.initializer, Initializers{});
    field("bias_initializer", self.bias_initializer, Initializers{});
    field("batch_norm", self.batch_norm);
  }
};

}  // namespace fanin
