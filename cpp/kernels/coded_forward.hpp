// What coded columns add to the products of a dense layer: two rows of a table for a value, not its `size`
// products with zeros and ones.
//
// With V the weights of a piecewise column and T its size, the table has Q[t] = -(V[t] + ... + V[T - 1]),
// Q[T] = 0. A value in bin t with fraction f then adds
//   V[0] + ... + V[t - 1] + f V[t] = -Q[0] + (1 - f) Q[t] + f Q[t + 1]
// A level adds Q[t] = V[t], with Q[T] = 0. What does not depend on the row, -Q[0] and the centre times V,
// is one constant a column.
#pragma once

#include "tile.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Rows that pass by the table of a column while it is in L1, with their values of z
inline constexpr std::size_t kCodedRows = 2 * kRowBlock;

// A column's rows of the table in panel p, and the codes of the rows from `row` on
template <class T>
struct CodesOfPanel {
  const T* table;
  const std::uint16_t* bins;
  const T* fractions;

  FANIN_INLINE CodesOfPanel(const Forward<T>& f, std::size_t c, std::size_t p, std::size_t row)
      : table(f.table.at(f.codes.places[c].table, p)),
        bins(f.codes.bins + c * f.codes.stride + row),
        fractions(f.codes.fractions + c * f.codes.stride + row) {}
};

// sum += what row i of a piecewise column adds
template <int Vectors, class T>
FANIN_INLINE void add_piece(const CodesOfPanel<T>& of, std::size_t i, Vec<T> (&sum)[Vectors]) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const T* const q = of.table + of.bins[i] * step;
  const Vec<T> fraction(of.fractions[i]), rest = Vec<T>(1.0) - fraction;
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j) {
    const T* const at = q + j * Vec<T>::width;
    sum[j] = fma(fraction, Vec<T>::load(at + step), fma(rest, Vec<T>::load(at), sum[j]));
  }
}

// add(i, row of z as vectors) for each of the rows
template <int Vectors, class T, class F>
FANIN_INLINE void for_each_row(T* z, std::size_t count, F&& add) {
  for (std::size_t i = 0; i < count; ++i, z += Vectors * Vec<T>::width) {
    Vec<T> sum[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j] = Vec<T>::load(z + j * Vec<T>::width);
    add(i, sum);
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j].store(z + j * Vec<T>::width);
  }
}

// f(number of vectors of a panel's row)
template <class T, class F>
FANIN_INLINE void with_vectors(std::size_t width, F&& f) {
  constexpr int vectors = kVectorsOfPanel<T>;
  width == kPanel<T> ? f.template operator()<vectors>() : f.template operator()<vectors / 2>();
}

// z += what all columns add to `count` rows of panel p
template <int Vectors, class T>
void add_codes(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count) {
  const CodedPlace* const places = f.codes.places;
  T* const z = f.a.at(row, p);
  for (std::size_t c = 0; c < f.codes.count; ++c) {
    const CodesOfPanel<T> one(f, c, p, row);
    if (!places[c].piecewise) {
      for_each_row<Vectors>(z, count, [&](std::size_t i, auto& sum) {
        const T* const q = one.table + one.bins[i] * Vectors * Vec<T>::width;
        for (int j = 0; j < Vectors; ++j) sum[j] = sum[j] + Vec<T>::load(q + j * Vec<T>::width);
      });
    } else if (c + 1 < f.codes.count && places[c + 1].piecewise) {
      const CodesOfPanel<T> other(f, ++c, p, row);
      for_each_row<Vectors>(z, count, [&](std::size_t i, auto& sum) {
        add_piece(one, i, sum);
        add_piece(other, i, sum);
      });
    } else {
      for_each_row<Vectors>(z, count, [&](std::size_t i, auto& sum) { add_piece(one, i, sum); });
    }
  }
}

// Adds the codes of some rows to panel p
template <class T>
void add_codes_to_panel(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count) {
  with_vectors<T>(f.a.width(p), [&]<int Vectors>() { add_codes<Vectors>(f, p, row, count); });
}

// What is added to all rows of panel p: the constants of all columns, and the bias
template <class T>
void constant_of_panel(const Forward<T>& f, std::size_t p, T* constant) {
  for (std::size_t j = 0; j < f.a.width(p); j += Vec<T>::width) {
    Vec<T> sum = f.bias != nullptr ? Vec<T>::load(f.bias + p * kPanel<T> + j) : Vec<T>(0.0);
    for (std::size_t c = 0; c < f.codes.count; ++c) sum = sum + Vec<T>::load(f.constants.at(c, p) + j);
    sum.store(constant + j);
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
