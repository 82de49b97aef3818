// What coded columns add to the products of a dense layer: two rows of a table for a value, not its `size`
// products with zeros and ones.
//
// With V the weights of a piecewise column and T its size, the table has Q[t] = -(V[t] + ... + V[T - 1]),
// Q[T] = 0. A value in bin t with fraction f is then worth
//   V[0] + ... + V[t - 1] + f V[t] = -Q[0] + (1 - f) Q[t] + f Q[t + 1]
// A level is worth Q[t] = V[t], with Q[T] = 0. What does not depend on the row, -Q[0] and the centre times V,
// is one constant a column.
#pragma once

#include "flush.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// z += what `Columns` columns from `first` add to `count` rows of panel p
template <int Columns, int Vectors, class T>
FANIN_INLINE void add_columns(const Forward<T>& f, std::size_t first, std::size_t p, std::size_t row,
                              std::size_t count) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const T* table[Columns];
  const std::uint16_t* bins[Columns];
  const T* fractions[Columns];
  bool piecewise[Columns];
#pragma GCC unroll 2
  for (int k = 0; k < Columns; ++k) {
    const std::size_t c = first + static_cast<std::size_t>(k);
    const CodedPlace& place = f.codes.places[c];
    table[k] = f.table.at(place.table, p);
    bins[k] = f.codes.bins + c * f.codes.stride + row;
    fractions[k] = f.codes.fractions + c * f.codes.stride + row;
    piecewise[k] = place.piecewise;
  }
  T* z = f.a.at(row, p);
  for (std::size_t i = 0; i < count; ++i, z += step) {
    Vec<T> sum[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j] = Vec<T>::load(z + j * Vec<T>::width);
#pragma GCC unroll 2
    for (int k = 0; k < Columns; ++k) {
      const T* const q = table[k] + bins[k][i] * step;
      if (piecewise[k]) {
        const Vec<T> fraction(fractions[k][i]), rest = Vec<T>(1.0) - fraction;
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; ++j) {
          const T* const at = q + j * Vec<T>::width;
          sum[j] = fma(fraction, Vec<T>::load(at + step), fma(rest, Vec<T>::load(at), sum[j]));
        }
      } else {
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; ++j) sum[j] = sum[j] + Vec<T>::load(q + j * Vec<T>::width);
      }
    }
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j].store(z + j * Vec<T>::width);
  }
}

template <int Vectors, class T>
void add_codes(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count) {
  std::size_t c = 0;
  for (; c + 1 < f.codes.count; c += 2) add_columns<2, Vectors>(f, c, p, row, count);
  if (c < f.codes.count) add_columns<1, Vectors>(f, c, p, row, count);
}

// Adds what the codes of at most 64 rows are worth to panel p; returns what is added to all rows, with the
// bias, in `constant`
template <class T>
const T* add_codes_to_panel(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count,
                            T* constant) {
  constexpr int vectors = static_cast<int>(kPanel<T>) / Vec<T>::width;
  const std::size_t width = f.a.width(p);
  const T* const bias = f.bias != nullptr ? f.bias + p * kPanel<T> : nullptr;
  if (f.codes.count == 0) return bias;
  width == kPanel<T> ? add_codes<vectors>(f, p, row, count) : add_codes<vectors / 2>(f, p, row, count);
  for (std::size_t j = 0; j < width; j += Vec<T>::width) {
    Vec<T> sum = bias != nullptr ? Vec<T>::load(bias + j) : Vec<T>(0.0);
    for (std::size_t c = 0; c < f.codes.count; ++c) sum = sum + Vec<T>::load(f.constants.at(c, p) + j);
    sum.store(constant + j);
  }
  return constant;
}

}  // namespace
}  // namespace fanin::FANIN_ISA
