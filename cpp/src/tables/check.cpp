#include "tables/check.hpp"

#include <cmath>
#include <set>

#include "fanin/coded_rows.hpp"
#include "fanin/error.hpp"
#include "tables/codes.hpp"

namespace fanin {
namespace {

// Checks of one column: the message begins with its name
struct ColumnCheck {
  const std::string& column;

  [[noreturn]] void refuse(const std::string& what) const { throw ValueError(column_text(column) + what); }
  void finite(const char* name, double value) const {
    if (!std::isfinite(value)) refuse(std::string(name) + ": expected a finite number");
  }
  void finite(const char* name, const std::vector<double>& values) const {
    for (const double value : values) finite(name, value);
  }
  template <class T>
  void ascending(const char* name, const std::vector<T>& values) const {
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (!(values[i - 1] < values[i])) refuse(std::string(name) + ": expected ascending values");
    }
  }
  void count(const char* name, std::size_t got, std::size_t expected) const {
    if (got == expected && expected <= CodedRows::kMostBins) return;
    refuse(std::string(name) + ": expected " + std::to_string(expected) + " values, at most 65535, got " +
           std::to_string(got));
  }

  void code(const NumberCode& of) const {
    finite("median", of.median);
    finite("mean", of.mean);
    if (!(of.scale > 0) || std::isinf(of.scale)) refuse("scale: expected a finite number above 0");
    if (!(of.missing >= 0 && of.missing <= 1)) refuse("missing: expected a share from 0 to 1");
    if (of.knots.size() < 2) refuse("knots: expected at least 2");
    finite("knots", of.knots);
    finite("spikes", of.spikes);
    finite("centre", of.centre);
    ascending("knots", of.knots);
    ascending("spikes", of.spikes);
    if (std::isinf(of.knots.back() - of.knots.front())) refuse("knots: expected a finite range");
    count("centre", of.centre.size(), of.knots.size() - 1 + of.spikes.size());
  }
  void cells(const Cells& of) const {
    finite("edges", of.edges);
    ascending("edges", of.edges);
    ascending("levels", of.levels);
    if (!(of.text ? of.edges.empty() : of.levels.empty())) refuse("cells: expected either edges or levels");
  }

  void operator()(const NumberColumn& of) const { code(of.code); }
  void operator()(const TwoNumbersColumn& of) const {
    finite("mean", of.mean);
    if (!(of.low < of.high) || std::isinf(of.high - of.low)) refuse("low: expected a number below high");
  }
  void operator()(const TwoLevelsColumn& of) const {
    finite("mean", of.mean);
    if (!(of.low < of.high)) refuse("low: expected a level before high");
  }
  void operator()(const CategoryColumn& of) const {
    ascending("levels", of.levels);
    ascending("rare", of.rare);
    finite("centre", of.centre);
    count("centre", of.centre.size(), of.levels.size() + (of.rare.empty() ? 0 : 1));
    if (of.centre.empty()) refuse("levels: expected at least 1");
  }
  void operator()(const DateColumn& of) const {
    if (of.parts.empty()) refuse("parts: expected at least 1");
    for (const DatePart& part : of.parts) {
      place_of_part(part.part);
      code(part.code);
    }
  }
  void operator()(const PairColumn& of) const {
    cells(of.first);
    cells(of.second);
    code(of.code);
    finite("values", of.values);
    const std::size_t expected = of.first.count() * of.second.count();
    if (of.values.size() != expected) {
      refuse("values: expected " + std::to_string(expected) + ", one for each pair of cells, got " +
             std::to_string(of.values.size()));
    }
  }
  void operator()(const DroppedColumn&) const {}
};

}  // namespace

void check_cells(const Cells& cells) { ColumnCheck{cells.column}.cells(cells); }

void check_columns(const std::vector<TableColumn>& columns) {
  std::set<std::string> names;
  std::string dropped;
  bool some = false;
  for (const TableColumn& column : columns) {
    const std::string& name = name_of(column);
    if (!names.insert(name).second) throw ValueError(column_text(name) + "found twice; names must be unique");
    std::visit(ColumnCheck{name}, column);
    if (const auto* out = std::get_if<DroppedColumn>(&column)) {
      dropped += "\n  " + column_text(name) + out->note;
    } else {
      some = true;
    }
  }
  if (!some) throw ValueError("X: expected a column to learn from" + dropped);
}

}  // namespace fanin
