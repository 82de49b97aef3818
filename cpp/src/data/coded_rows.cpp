#include "data/coded_rows.hpp"

#include <algorithm>
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
      const std::size_t last = last_bin(m.coded[c]);
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

CodedTable CodedTable::take(std::span<const std::int64_t> which) const {
  CodedTable some{which.size(), dense_columns, {}, {}, {}, coded, centre};
  some.dense.reserve(which.size() * dense_columns);
  some.bins.reserve(which.size() * coded.size());
  some.fractions.reserve(which.size() * coded.size());
  const auto append = [](auto& to, const auto& from, std::int64_t row, std::size_t columns) {
    const auto begin = from.begin() + row * static_cast<std::ptrdiff_t>(columns);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(columns));
  };
  for (const std::int64_t row : which) {
    append(some.dense, dense, row, dense_columns);
    append(some.bins, bins, row, coded.size());
    append(some.fractions, fractions, row, coded.size());
  }
  return some;
}

template <class T>
void to_dense(const CodedRows& rows, MatrixView<T> out) {
  for (std::size_t i = 0; i < rows.rows; ++i) {
    T* const to = out.data + static_cast<std::ptrdiff_t>(i) * out.row_stride;
    const auto at = [&](std::size_t j) -> T& {
      return to[static_cast<std::ptrdiff_t>(j) * out.column_stride];
    };
    for (std::size_t j = 0; j < rows.dense_columns; ++j) {
      at(j) = static_cast<T>(rows.dense[i * rows.dense_columns + j]);
    }
    for_each_code(rows, i, [&](std::size_t j, float code, float centre) {
      at(j) = static_cast<T>(code) - static_cast<T>(centre);
    });
  }
}
template void to_dense(const CodedRows&, MatrixView<float>);
template void to_dense(const CodedRows&, MatrixView<double>);

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
