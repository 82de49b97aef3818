// The initial values of one matrix of parameters: the weights of a layer, or its biases as a single row.
#pragma once

#include <cstdint>
#include <string>

#include "fanin/layers/dense.hpp"
#include "kernels/table.hpp"

namespace fanin {

template <class T>
struct InitialMatrix {
  std::string name;  // the start of messages about it
  Panels<T> to;
  Fan fan;
  std::uint64_t seed, stream;  // of the layer
  std::size_t first_row;       // its first row of random numbers: those of biases follow the weights'
};

// Each throws ValueError if an initializer does not fit; messages begin with `name`, or with `text`.
void check_weights(const Initializer& initializer, std::size_t inputs, std::size_t units,
                   const std::string& name);
void check_biases(const Initializer& initializer, std::size_t units, const std::string& name);
void check_initializers(const Dense& layer, std::size_t inputs, const std::string& text);

// Each value depends only on the initializer, the seed, the stream and its position. Throws ValueError if one
// is not finite in T.
template <class T>
void draw_initial_values(const Initializer& initializer, const InitialMatrix<T>& matrix);

}  // namespace fanin
