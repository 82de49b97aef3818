// A table as a program reads it: columns of numbers or of text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fanin {

// A view. NaN and a text without data() are missing; dates are days since 1970-01-01, with fractions.
struct Table {
  using Column = std::variant<std::span<const double>, std::span<const std::string_view>>;
  std::vector<std::string> names;
  std::vector<Column> columns;
};

}  // namespace fanin
