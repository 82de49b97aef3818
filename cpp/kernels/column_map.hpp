// The map of an input layer, as gathers apply it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

// The map of an input layer, in double: y = (x - centre) scale of each column of X, squashed to
// y / sqrt(1 + (y / 3)^2) if so, or linear between knots, of ascending x, and their scores. `fill` takes the
// place of NaN, before it is squashed. Columns after those of X are for indicators: 1 where the value of one
// of these columns is missing. Arrays are padded to whole panels of all columns.
struct ColumnMap {
  enum class Kind { none, scaled, squashed, quantiles };
  static constexpr std::size_t kKnots = 256;  // of each column

  Kind kind = Kind::none;
  std::size_t columns = 0;  // of X
  const double *centre = nullptr, *scale = nullptr, *fill = nullptr;
  const double *knots = nullptr, *scores = nullptr;
  const std::uint32_t* indicators = nullptr;
  std::size_t indicator_count = 0;

  // The map without its first columns
  __attribute__((always_inline)) ColumnMap from(std::size_t column) const {
    if (kind == Kind::none) return *this;
    ColumnMap rest = *this;
    rest.columns = column < columns ? columns - column : 0;
    rest.fill += column;
    if (kind == Kind::quantiles) {
      rest.knots += column * kKnots;
      rest.scores += column * kKnots;
    } else {
      rest.centre += column;
      rest.scale += column;
    }
    return rest;
  }
};

}  // namespace fanin
