// The list of all kinds of layers. A kind is a value: a struct with
//   name              what model files and bindings call it
//   fields(self, f)   as in an update rule, and besides
//                     f(name, activation)          an Activation
//                     f(name, entry, list)         one entry of a list, such as Initializers
//                     f(name, optional value)      a value with fields of its own, or none
#pragma once

#include <optional>
#include <utility>

#include "fanin/layers/batch_norm.hpp"
#include "fanin/layers/dense.hpp"
#include "fanin/layers/dropout.hpp"
#include "fanin/list.hpp"
#include "fanin/variant.hpp"

namespace fanin {

using Layers = List<Dense, BatchNorm, Dropout>;

// The usual order is Dense (with batch norm, then its activation), Dropout, Dense, ...; the last one is
// Dense.
struct Layer {
  decltype(variant_of(Layers{})) kind;

  Layer(Dense dense) : kind(std::move(dense)) {}
  Layer(BatchNorm norm) : kind(norm) {}
  Layer(Dropout dropout) : kind(dropout) {}
  Layer(std::size_t units, Activation of = activation<Identity>, Initializer initializer = Automatic{},
        Initializer bias_initializer = Zeros{}, std::optional<BatchNorm> batch_norm = {})
      : kind(Dense{units, of, std::move(initializer), std::move(bias_initializer), batch_norm}) {}
};

}  // namespace fanin
