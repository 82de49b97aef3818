// The columns of a table by name, checked.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "fanin/error.hpp"
#include "fanin/table.hpp"
#include "tables/codes.hpp"

namespace fanin {

using NumberValues = std::span<const double>;
using TextValues = std::span<const std::string_view>;

// Throws ValueError for a column that is missing, of the other type, or of another length than those before
// it, and for values that are not allowed.
class ReadColumns {
 public:
  explicit ReadColumns(const Table& table) : table_(table) {
    if (table.names.size() == table.columns.size()) return;
    throw ValueError("X: expected a name for each of " + std::to_string(table.columns.size()) +
                     " columns, got " + std::to_string(table.names.size()));
  }

  NumberValues numbers(const std::string& name) { return values<NumberValues>(name, "numbers", "text"); }
  TextValues texts(const std::string& name) { return values<TextValues>(name, "text", "numbers"); }
  NumberValues days(const std::string& name) {
    const NumberValues found = numbers(name);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (std::abs(found[i]) > kMostDays) refuse(name, i, "is not a date: expected days since 1970");
    }
    return found;
  }
  std::size_t rows() const { return rows_.value_or(0); }

 private:
  [[noreturn]] static void refuse(const std::string& name, std::size_t row, const std::string& problem) {
    throw ValueError("X: row " + std::to_string(row) + ", column \"" + name + "\" " + problem);
  }
  template <class Values>
  Values values(const std::string& name, const char* expected, const char* other) {
    const auto at = std::find(table_.names.begin(), table_.names.end(), name);
    if (at == table_.names.end()) throw ValueError("X: missing column \"" + name + "\"");
    const Table::Column& column = table_.columns[static_cast<std::size_t>(at - table_.names.begin())];
    const auto* found = std::get_if<Values>(&column);
    if (found == nullptr) {
      throw ValueError("X: " + column_text(name) + "expected " + expected + ", as in training, got " + other);
    }
    if (rows_.value_or(found->size()) != found->size()) {
      throw ValueError("X: " + column_text(name) + "expected " + std::to_string(*rows_) + " rows, got " +
                       std::to_string(found->size()));
    }
    rows_ = found->size();
    if constexpr (std::is_same_v<Values, NumberValues>) {
      for (std::size_t i = 0; i < found->size(); ++i) {
        if (std::isinf((*found)[i])) refuse(name, i, "is infinite");
      }
    }
    return *found;
  }

  const Table& table_;
  std::optional<std::size_t> rows_;
};

}  // namespace fanin
