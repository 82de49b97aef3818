// The codes of single values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/table_columns.hpp"

namespace fanin {

// Days since 1970 beyond these have no date.
inline constexpr double kMostDays = 1e8;

// A position in the bins between ascending knots: fraction of a bin
struct Position {
  std::size_t bin;
  double fraction;
};

inline Position position_of(const std::vector<double>& knots, double x) {
  const std::size_t last = knots.size() - 1;
  if (!(x > knots[0])) return {0, 0.0};
  if (x >= knots[last]) return {last - 1, 1.0};
  const auto bin =
      static_cast<std::size_t>(std::upper_bound(knots.begin(), knots.end(), x) - knots.begin()) - 1;
  return {bin, (x - knots[bin]) / (knots[bin + 1] - knots[bin])};
}

// The place of a value in an ascending list, or the length of the list if it is not there
template <class T, class Value>
std::size_t place_in(const std::vector<T>& sorted, const Value& value) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), value);
  return static_cast<std::size_t>((at == sorted.end() || *at != value ? sorted.end() : at) - sorted.begin());
}

// v / sqrt(1 + (v / 3)^2) of a number
inline double squashed(const NumberCode& code, double x) {
  constexpr double far = 1e100;  // its square is finite
  const double v = std::clamp((x - code.median) / code.scale, -far, far);
  return v / std::sqrt(1 + v / 3 * (v / 3));
}

// From -1 for the low value to 1 for the high one
inline double between(const TwoNumbersColumn& column, double x) {
  if (std::isnan(x)) return 0;
  return 2 * std::clamp((x - column.low) / (column.high - column.low), 0.0, 1.0) - 1;
}

// A part of a date, by its place in kDateParts; NaN of NaN
double part_of(std::size_t part, double days);
// The place of a part's name; throws ValueError for another name
std::size_t place_of_part(const std::string& part);

inline std::string column_text(const std::string& column) { return "column \"" + column + "\": "; }

}  // namespace fanin
