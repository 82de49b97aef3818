// Layers with a skip connection, as a value.
#pragma once

#include <vector>

namespace fanin {

struct Layer;

// x + f(x), where f is a list of layers with as many outputs as inputs (He et al. 2016).
struct Residual {
  static constexpr const char* name = "residual";
  std::vector<Layer> layers;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("layers", self.layers);
  }
};

}  // namespace fanin
