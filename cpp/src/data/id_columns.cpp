#include "data/id_columns.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "data/numbers.hpp"
#include "fanin/error.hpp"

namespace fanin {

void check_ids(const Samples& x, const IdColumns& ids) {
  if (!std::holds_alternative<SparseRows>(x) && !std::holds_alternative<CodedRows>(x)) {
    constexpr std::size_t most = 64;
    double values[most];
    for (std::size_t row = 0; row < rows_of(x); ++row) {
      for (std::size_t begin = 0; begin < columns_of(x); begin += most) {
        const Range some{begin, std::min(begin + most, columns_of(x))};
        convert_values(values, x, row, some);
        for (std::size_t j = begin; j < some.end; ++j) {
          const double value = values[j - begin], size = static_cast<double>(ids.size(j));
          const bool whole = value == std::floor(value);
          if (value >= 0 && value < size && whole) continue;
          constexpr double exact = 0x1p53;
          const bool digits = whole && std::abs(value) <= exact;
          throw BadValueError(
              "X", row, j,
              "is " + (digits ? std::to_string(static_cast<std::int64_t>(value)) : number_text(value)) +
                  "; expected a whole number from 0 to " + std::to_string(ids.size(j) - 1) +
                  ", a row of the embedding's table");
        }
      }
    }
    return;
  }
  throw ValueError(
      "X: expected whole numbers, the rows of the embedding's tables, got sparse or coded rows; for sums of "
      "rows use "
      "an Embedding with bags=True");
}

}  // namespace fanin
