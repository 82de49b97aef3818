#include "data/scale.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.hpp"
#include "data/gather.hpp"

namespace fanin {
namespace {

// Standardized columns have a mean absolute value of about 0.8, pixels about 100.
constexpr double kFar = 10;

struct Largest {
  std::size_t column = 0;
  double mean_size = 0;
};

// The column with the largest mean absolute value, over a few thousand rows
template <class Matrix>
Largest largest_of(const Matrix& m) {
  constexpr std::size_t most = 512, most_rows = 4096;
  const std::size_t apart = (m.rows + most_rows - 1) / most_rows;
  double values[most];
  Largest largest;
  for (std::size_t begin = 0; begin < m.columns; begin += most) {
    const Range columns{begin, std::min(begin + most, m.columns)};
    std::vector<double> mean_sizes(columns.end - columns.begin);
    const double rows = static_cast<double>((m.rows + apart - 1) / apart);
    for (std::size_t row = 0; row < m.rows; row += apart) {
      convert_row(values, m, row, columns);
      for (std::size_t j = 0; j < mean_sizes.size(); ++j) mean_sizes[j] += std::abs(values[j]) / rows;
    }
    for (std::size_t j = 0; j < mean_sizes.size(); ++j) {
      if (mean_sizes[j] > largest.mean_size) largest = {begin + j, mean_sizes[j]};
    }
  }
  return largest;
}

template <class Matrix>
const Matrix& as_numbers(const Matrix& m) {
  return m;
}
template <class S>
NumberMatrix as_numbers(const MatrixView<const S>& m) {
  return numbers(m);
}

template <class Matrix>
std::string advice(const std::string& name, const Matrix& m, const std::string& remedy) {
  const Largest largest = largest_of(as_numbers(m));
  if (!(largest.mean_size > kFar)) return "";
  return name + " is far from unit scale, which is the likely cause: the values of column " +
         std::to_string(largest.column) + " have a mean absolute value of " + number_text(largest.mean_size) +
         "; " + remedy + ". ";
}

}  // namespace

std::string likely_cause(const Samples& x, bool normalized, const Targets& y, const Loss& loss) {
  std::string cause;
  if (!normalized) {
    cause = std::visit(
        [](const auto& m) {
          return advice("X", m, "subtract the mean of each column and divide by its standard deviation");
        },
        x);
  }
  const Allowed range = std::visit([](const auto& l) { return l.target_range; }, loss);
  if (std::isinf(range.low) && std::isinf(range.high)) {
    visit_matrix(y, [&](const auto& m) {
      cause += advice("y", m, "divide it by its standard deviation and multiply predictions by it");
    });
  }
  return cause;
}

}  // namespace fanin
