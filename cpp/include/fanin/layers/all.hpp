// The list of all kinds of layers. A kind is a value: a struct with
//   name              what model files and bindings call it
//   fields(self, f)   as in an update rule; in addition
//                     f(name, activation)          an Activation
//                     f(name, entry, list)         one entry of a list, such as Initializers
//                     f(name, optional value)      a value with fields of its own, or none
//                     f(name, layers)              a list of inner layers
//   of_ids            if it reads rows of its weights by whole numbers, and so comes first
//   recurs            if its output at a step depends on earlier steps of the sequence
//   of_inputs         for an input layer, which acts while rows are gathered; with
//   projects          if a product follows, as a node, or
//   codes             if rows are coded before
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "fanin/layers/activation.hpp"
#include "fanin/layers/batch_norm.hpp"
#include "fanin/layers/dense.hpp"
#include "fanin/layers/dropout.hpp"
#include "fanin/layers/embedding.hpp"
#include "fanin/layers/one_hot.hpp"
#include "fanin/layers/piecewise_linear.hpp"
#include "fanin/layers/quantile.hpp"
#include "fanin/layers/recurrent.hpp"
#include "fanin/layers/residual.hpp"
#include "fanin/layers/robust_scale.hpp"
#include "fanin/layers/standardize.hpp"
#include "fanin/layers/tied.hpp"
#include "fanin/layers/whiten.hpp"
#include "fanin/list.hpp"
#include "fanin/variant.hpp"

namespace fanin {

using Layers = List<Dense, BatchNorm, Dropout, ActivationLayer, Residual, Standardize, RobustScale,
                    QuantileLayer, Whiten, PiecewiseLinear, OneHot, Embedding, Recurrent, GRU, LSTM, Tied>;

// An input layer, a kind with `of_inputs`, comes first. The usual order is then Dense (with batch norm, then
// its activation), Dropout, Dense, ...; the last layer produces the outputs: a Dense, a Tied, an activation
// or a Residual.
struct Layer {
  using Kind = decltype(variant_of(Layers{}));
  Kind kind;

  Layer(Kind of) : kind(std::move(of)) {}
  template <class Of>
    requires requires { Of::name; }
  Layer(Of of) : kind(std::move(of)) {}
  Layer(std::size_t units, Activation of = activation<Identity>, Initializer initializer = Automatic{},
        Initializer bias_initializer = Zeros{}, std::optional<BatchNorm> batch_norm = {})
      : kind(Dense{units, of, std::move(initializer), std::move(bias_initializer), batch_norm}) {}
};

}  // namespace fanin
