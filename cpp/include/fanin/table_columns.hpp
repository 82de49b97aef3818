// How each column of a table is coded: values that `TableEncoder` consists of.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "fanin/list.hpp"
#include "fanin/variant.hpp"

namespace fanin {

// The code of a number x:
//   a dense column  v / sqrt(1 + (v / 3)^2) - mean,  v = (x - median) / scale
//   a dense column  1 if x is missing, 0 if not, minus `missing`; only if `missing` is above 0
//   a piecewise-linear code with bins between the knots, minus its part of `centre`
//   a column for each of the spikes, 1 if x is this value, minus its part of `centre`; if there are spikes
// A missing x is the median.
struct NumberCode {
  double median = 0, scale = 1, mean = 0;
  double missing = 0;               // share of the training rows
  std::vector<double> knots;        // at least 2, ascending
  std::vector<double> spikes = {};  // ascending
  std::vector<double> centre;       // training means: of the bins' columns, then of the spikes'
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("median", self.median);
    field("scale", self.scale);
    field("mean", self.mean);
    field("missing", self.missing);
    field("knots", self.knots);
    field("spikes", self.spikes);
    field("centre", self.centre);
  }
};

struct NumberColumn {
  static constexpr const char* name = "number";
  std::string column, note;
  NumberCode code;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("code", self.code);
  }
};

// A number with two values, or a boolean: a dense column from -1 for `low` to 1 for `high`, 0 if missing,
// minus the mean
struct TwoNumbersColumn {
  static constexpr const char* name = "two_numbers";
  std::string column, note;
  double low = 0, high = 1, mean = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("low", self.low);
    field("high", self.high);
    field("mean", self.mean);
  }
};

// A category with two levels: a dense column of -1 for `low`, 1 for `high`, 0 if missing or unseen, minus the
// mean
struct TwoLevelsColumn {
  static constexpr const char* name = "two_levels";
  std::string column, note, low, high;
  double mean = 0;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("low", self.low);
    field("high", self.high);
    field("mean", self.mean);
  }
};

// A category: a column for each level, and one for all rarer levels, if there are any; all 0 if missing or
// unseen, minus the centre
struct CategoryColumn {
  static constexpr const char* name = "category";
  std::string column, note;
  std::vector<std::string> levels, rare;  // in order of their bytes
  std::vector<double> centre;             // shares of the training rows
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("levels", self.levels);
    field("rare", self.rare);
    field("centre", self.centre);
  }
};

// Parts of a date, each coded like a number. trend: the days since 1970 themselves; month: 1 to 12; day: of
// the month, from 1; weekday: 0 (Monday) to 6; hour: 0 to 23.
inline constexpr const char* kDateParts[] = {"trend", "month", "day", "weekday", "hour"};
struct DatePart {
  std::string part = "trend";
  NumberCode code;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("part", self.part);
    field("code", self.code);
  }
};
struct DateColumn {
  static constexpr const char* name = "date";
  std::string column, note;
  std::vector<DatePart> parts;  // those that vary
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("parts", self.parts);
  }
};

// Cells that the values of a column fall into. Numbers: cell i has i edges at or below the value; text: cell
// i is level i, and the next one is for all other levels. The last cell is for missing values: there are
// edges + 2, or levels + 2.
struct Cells {
  std::string column;
  bool text = false;
  std::vector<double> edges = {};        // ascending; of numbers
  std::vector<std::string> levels = {};  // in order of their bytes; of text
  std::size_t count() const { return (text ? levels.size() : edges.size()) + 2; }
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("text", self.text);
    field("edges", self.edges);
    field("levels", self.levels);
  }
};

// An additional number that depends on two columns: values[i * second.count() + j] in their cells i and j.
struct PairColumn {
  static constexpr const char* name = "pair";
  std::string column, note;
  Cells first, second;
  std::vector<double> values;
  NumberCode code;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
    field("first", self.first);
    field("second", self.second);
    field("values", self.values);
    field("code", self.code);
  }
};

// A column that is not used; the note says why.
struct DroppedColumn {
  static constexpr const char* name = "dropped";
  std::string column, note;
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("column", self.column);
    field("note", self.note);
  }
};

using TableColumns = List<NumberColumn, TwoNumbersColumn, TwoLevelsColumn, CategoryColumn, DateColumn,
                          PairColumn, DroppedColumn>;
using TableColumn = decltype(variant_of(TableColumns{}));

inline const std::string& name_of(const TableColumn& column) {
  return std::visit([](const auto& c) -> const std::string& { return c.column; }, column);
}

}  // namespace fanin
