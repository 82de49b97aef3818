// The initial values of one matrix of parameters: the weights of a layer, or its biases as a single row.
#pragma once

#include <cstdint>
#include <string>

#include "fanin/layers/dense.hpp"
#include "kernels/table.hpp"

namespace fanin {

template <class T>
struct InitialMatrix {
  std::string name;  // how sentences about it begin
  Panels<T> to;
  Fan fan;
  std::uint64_t seed, stream;  // of the layer
  std::size_t first_row;       // whose random numbers begin: those of biases follow the rows of the weights
};

// Throws ValueError where the initializers do not fit a layer with so many inputs; `text` begins sentences.
void check_initializers(const Dense& layer, std::size_t inputs, const std::string& text);

// Each value depends on the initializer, the seed, the stream and its place alone. Throws ValueError where
// one is not finite in T.
template <class T>
void draw_initial_values(const Initializer& initializer, const InitialMatrix<T>& matrix);

}  // namespace fanin
