// The values of coded rows.
#pragma once

#include <algorithm>

#include "data/numbers.hpp"

namespace fanin {

// Throws ValueError unless the arrays are as long as they should be.
void check_lengths(const CodedRows& m);
// Throws ValueError unless bins exist and fractions are in [0, 1].
void check_places(const CodedRows& m);

inline std::size_t last_bin(const CodedColumn& column) {
  return column.size - (column.coding == Coding::piecewise ? 1U : 0U);
}

// The place of a row in one of the coded columns
struct Code {
  std::size_t bin;
  float fraction;
};
// Bins index memory and may have changed since they were checked: one that does not exist becomes the last.
inline Code code_of(const CodedRows& m, std::size_t row, std::size_t c, const CodedColumn& column) {
  const std::size_t at = row * m.coded.size() + c;
  const float fraction = column.coding == Coding::piecewise ? m.fractions[at] : 1;
  return {std::min<std::size_t>(m.bins[at], last_bin(column)), fraction};
}

// f(column, code, centre) for each coded column of the samples, in order
template <class F>
void for_each_code(const CodedRows& m, std::size_t row, F&& f) {
  std::size_t column = 0;
  for (std::size_t c = 0; c < m.coded.size(); ++c) {
    const Code code = code_of(m, row, c, m.coded[c]);
    const float before = m.coded[c].coding == Coding::piecewise ? 1 : 0;
    for (std::size_t t = 0; t < m.coded[c].size; ++t, ++column) {
      const float value = t < code.bin ? before : t == code.bin ? code.fraction : 0;
      f(m.dense_columns + column, value, m.centre[column]);
    }
  }
}

}  // namespace fanin
