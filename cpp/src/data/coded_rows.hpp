// The values of coded rows.
#pragma once

#include <algorithm>

#include "data/numbers.hpp"

namespace fanin {

// Throws ValueError unless the arrays are as long as they should be.
void check_lengths(const CodedRows& m);
// Throws ValueError unless bins exist and fractions are in [0, 1].
void check_places(const CodedRows& m);

// The bin of a row in coded column c. Bins index memory and may have changed since they were checked: one
// that does not exist becomes the last.
inline std::size_t bin_of(const CodedRows& m, std::size_t row, std::size_t c) {
  const CodedColumn& column = m.coded[c];
  const std::size_t last = column.size - (column.coding == Coding::piecewise ? 1U : 0U);
  return std::min<std::size_t>(m.bins[row * m.coded.size() + c], last);
}
inline float fraction_of(const CodedRows& m, std::size_t row, std::size_t c) {
  return m.coded[c].coding == Coding::piecewise ? m.fractions[row * m.coded.size() + c] : 1;
}

// f(column, code, centre) for each coded column of the samples, in order
template <class F>
void for_each_code(const CodedRows& m, std::size_t row, F&& f) {
  std::size_t column = 0;
  for (std::size_t c = 0; c < m.coded.size(); ++c) {
    const std::size_t bin = bin_of(m, row, c);
    const float fraction = fraction_of(m, row, c), before = m.coded[c].coding == Coding::piecewise ? 1 : 0;
    for (std::size_t t = 0; t < m.coded[c].size; ++t, ++column) {
      f(m.dense_columns + column, t < bin ? before : t == bin ? fraction : 0.0F, m.centre[column]);
    }
  }
}

}  // namespace fanin
