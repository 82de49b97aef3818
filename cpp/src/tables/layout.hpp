// Where the code of each column of a table lies.
#pragma once

#include "fanin/coded_rows.hpp"
#include "fanin/table_encoder.hpp"

namespace fanin {

// The first dense and the first coded column of a code
struct CodePlace {
  std::size_t dense, coded;
};

// Adds columns to an empty table, in their order.
struct TableLayout {
  CodedTable& out;

  CodePlace next() const { return {out.dense_columns, out.coded.size()}; }
  void coded(Coding coding, std::size_t size, const double* centre) {
    out.coded.push_back({coding, static_cast<std::uint32_t>(size)});
    for (std::size_t i = 0; i < size; ++i) out.centre.push_back(static_cast<float>(centre[i]));
  }
  void operator()(const NumberCode& code) {
    const std::size_t bins = code.knots.size() - 1;
    out.dense_columns += code.missing > 0 ? 2 : 1;
    coded(Coding::piecewise, bins, code.centre.data());
    if (!code.spikes.empty()) coded(Coding::level, code.spikes.size(), code.centre.data() + bins);
  }
  void operator()(const NumberColumn& column) { (*this)(column.code); }
  void operator()(const PairColumn& column) { (*this)(column.code); }
  void operator()(const DateColumn& column) {
    for (const DatePart& part : column.parts) (*this)(part.code);
  }
  void operator()(const TwoNumbersColumn&) { ++out.dense_columns; }
  void operator()(const TwoLevelsColumn&) { ++out.dense_columns; }
  void operator()(const CategoryColumn& column) {
    coded(Coding::level, column.centre.size(), column.centre.data());
  }
  void operator()(const DroppedColumn&) {}
};

// Columns of the code
inline std::size_t columns_of(const TableEncoder& encoder) {
  CodedTable empty;
  for (const TableColumn& column : encoder.columns()) std::visit(TableLayout{empty}, column);
  return empty.view().columns;
}

}  // namespace fanin
