#include "data/coded_rows.hpp"

#include <string>

#include "base/text.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

void check_length(const char* name, std::size_t got, std::size_t expected) {
  if (got == expected) return;
  throw ValueError(std::string("X: ") + name + ": expected " + std::to_string(expected) +
                   " elements for its rows and columns, got " + std::to_string(got));
}

std::string place_of(const char* name, std::size_t row, std::size_t c) {
  return std::string("X: ") + name + ": row " + std::to_string(row) + ", coded column " + std::to_string(c);
}

}  // namespace

void check_lengths(const CodedRows& m) {
  std::size_t columns = 0;
  for (std::size_t c = 0; c < m.coded.size(); ++c) {
    const std::size_t size = m.coded[c].size;
    if (size == 0 || size > CodedRows::kMostBins) {
      throw ValueError("X: coded column " + std::to_string(c) + ": expected a size in 1.." +
                       std::to_string(CodedRows::kMostBins) + ", got " + std::to_string(size));
    }
    columns += size;
  }
  check_length("dense", m.dense.size(), m.rows * m.dense_columns);
  check_length("bins", m.bins.size(), m.rows * m.coded.size());
  check_length("fractions", m.fractions.size(), m.rows * m.coded.size());
  check_length("centre", m.centre.size(), columns);
  check_length("columns", m.columns, m.dense_columns + columns);
}

void check_places(const CodedRows& m) {
  for (std::size_t row = 0; row < m.rows; ++row) {
    for (std::size_t c = 0; c < m.coded.size(); ++c) {
      const std::size_t at = row * m.coded.size() + c;
      const bool piecewise = m.coded[c].coding == Coding::piecewise;
      const std::size_t last = m.coded[c].size - (piecewise ? 1U : 0U);
      if (m.bins[at] > last) {
        throw ValueError(place_of("bins", row, c) + ": expected a bin in 0.." + std::to_string(last) +
                         ", got " + std::to_string(m.bins[at]));
      }
      if (piecewise && !(m.fractions[at] >= 0 && m.fractions[at] <= 1)) {
        throw ValueError(place_of("fractions", row, c) + ": expected a fraction in [0, 1], got " +
                         number_text(static_cast<double>(m.fractions[at])));
      }
    }
  }
}

void convert_row(double* out, const CodedRows& m, std::size_t row, Range columns) {
  const std::size_t dense = std::min(columns.end, m.dense_columns);
  for (std::size_t j = columns.begin; j < dense; ++j) {
    out[j - columns.begin] = static_cast<double>(m.dense[row * m.dense_columns + j]);
  }
  if (columns.end <= m.dense_columns) return;
  for_each_code(m, row, [&](std::size_t column, float code, float centre) {
    if (columns.begin <= column && column < columns.end) {
      out[column - columns.begin] = static_cast<double>(code) - static_cast<double>(centre);
    }
  });
}

}  // namespace fanin
