// Coding the rows of a table.
#include "fanin/table_encoder.hpp"

#include "tables/check.hpp"
#include "tables/columns.hpp"
#include "tables/layout.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// The cell of a value: see Cells
std::size_t cell_of(const Cells& cells, double x) {
  if (std::isnan(x)) return cells.edges.size() + 1;
  return static_cast<std::size_t>(std::upper_bound(cells.edges.begin(), cells.edges.end(), x) -
                                  cells.edges.begin());
}
std::size_t cell_of(const Cells& cells, std::string_view text) {
  return text.data() == nullptr ? cells.levels.size() + 1 : place_in(cells.levels, text);
}

// What a pair reads of one of its columns
struct CellValues {
  NumberValues numbers = {};
  TextValues texts = {};
  std::size_t at(const Cells& cells, std::size_t row) const {
    return cells.text ? cell_of(cells, texts[row]) : cell_of(cells, numbers[row]);
  }
};

CellValues read_cells(ReadColumns& columns, const Cells& cells) {
  if (cells.text) return {{}, columns.texts(cells.column)};
  return {columns.numbers(cells.column), {}};
}

// Writes the code of one row at a time to a table with memory.
struct RowWriter {
  CodedTable& out;

  void dense(std::size_t row, std::size_t column, double value) const {
    out.dense[row * out.dense_columns + column] = static_cast<float>(value);
  }
  void coded(std::size_t row, std::size_t column, std::size_t bin, double fraction = 0) const {
    const std::size_t at = row * out.coded.size() + column;
    out.bins[at] = static_cast<std::uint16_t>(bin);
    out.fractions[at] = static_cast<float>(fraction);
  }
  void number(const NumberCode& code, std::size_t row, CodePlace place, double value) const {
    const bool missing = std::isnan(value);
    const double x = missing ? code.median : value;
    dense(row, place.dense, squashed(code, x) - code.mean);
    if (code.missing > 0) dense(row, place.dense + 1, (missing ? 1 : 0) - code.missing);
    const Position at = position_of(code.knots, x);
    coded(row, place.coded, at.bin, at.fraction);
    if (!code.spikes.empty()) coded(row, place.coded + 1, place_in(code.spikes, value));
  }
};

// Each kind of column: what it reads of a table, where its code lies, and how it codes a row.
struct NumberWork {
  const NumberCode& code;
  NumberValues values;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    write.number(code, row, place, values[row]);
  }
};
struct TwoNumbersWork {
  const TwoNumbersColumn& column;
  NumberValues values;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    write.dense(row, place.dense, between(column, values[row]) - column.mean);
  }
};
struct TwoLevelsWork {
  const TwoLevelsColumn& column;
  TextValues values;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    const std::string_view text = values[row];
    const double side = text.data() == nullptr ? 0 : text == column.high ? 1 : text == column.low ? -1 : 0;
    write.dense(row, place.dense, side - column.mean);
  }
};
struct CategoryWork {
  const CategoryColumn& column;
  TextValues values;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    const std::size_t levels = column.levels.size(), none = column.centre.size();
    const std::string_view text = values[row];
    std::size_t bin = none;
    if (text.data() != nullptr) {
      bin = place_in(column.levels, text);
      if (bin == levels && place_in(column.rare, text) == column.rare.size()) bin = none;
    }
    write.coded(row, place.coded, bin);
  }
};
struct DatePartWork {
  std::size_t part;
  const NumberCode& code;
  NumberValues values;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    write.number(code, row, place, part_of(part, values[row]));
  }
};
struct PairWork {
  const PairColumn& column;
  CellValues first, second;
  NumberValues given;  // or empty
  std::size_t stride;
  CodePlace place;
  void operator()(const RowWriter& write, std::size_t row) const {
    const double value =
        given.empty()
            ? column
                  .values[first.at(column.first, row) * column.second.count() + second.at(column.second, row)]
            : given[row * stride];
    write.number(column.code, row, place, value);
  }
};
using ColumnWork =
    std::variant<NumberWork, TwoNumbersWork, TwoLevelsWork, CategoryWork, DatePartWork, PairWork>;

// Lays out the columns of an encoder and finds those of the table that they read.
struct Preparation {
  ReadColumns columns;
  TableLayout layout;
  std::span<const double> pair_values;
  std::size_t pairs, pair = 0;
  std::vector<ColumnWork> work = {};

  void operator()(const NumberColumn& c) {
    work.push_back(NumberWork{c.code, columns.numbers(c.column), laid(c)});
  }
  void operator()(const TwoNumbersColumn& c) {
    work.push_back(TwoNumbersWork{c, columns.numbers(c.column), laid(c)});
  }
  void operator()(const TwoLevelsColumn& c) {
    work.push_back(TwoLevelsWork{c, columns.texts(c.column), laid(c)});
  }
  void operator()(const CategoryColumn& c) {
    work.push_back(CategoryWork{c, columns.texts(c.column), laid(c)});
  }
  void operator()(const DateColumn& c) {
    const NumberValues days = columns.days(c.column);
    for (const DatePart& p : c.parts) {
      work.push_back(DatePartWork{place_of_part(p.part), p.code, days, laid(p.code)});
    }
  }
  void operator()(const PairColumn& c) {
    const CellValues first = read_cells(columns, c.first), second = read_cells(columns, c.second);
    const NumberValues given = pair_values.subspan(std::min(pair, pair_values.size()));
    ++pair;
    work.push_back(PairWork{c, first, second, given, pairs, laid(c)});
  }
  void operator()(const DroppedColumn&) {}

 private:
  CodePlace laid(const auto& code) {
    const CodePlace place = layout.next();
    layout(code);
    return place;
  }
};

}  // namespace

TableEncoder::TableEncoder(std::vector<TableColumn> columns) : columns_(std::move(columns)) {
  check_columns(columns_);
}

CodedTable TableEncoder::encode(const Table& table, std::span<const double> pair_values) const {
  CodedTable out;
  const auto pairs = static_cast<std::size_t>(std::ranges::count_if(
      columns_, [](const TableColumn& column) { return std::holds_alternative<PairColumn>(column); }));
  Preparation prepare{ReadColumns(table), {out}, pair_values, pairs};
  for (const TableColumn& column : columns_) std::visit(prepare, column);
  const std::size_t rows = prepare.columns.rows();
  if (!pair_values.empty() && pair_values.size() != rows * pairs) {
    throw ValueError("pair_values: expected " + std::to_string(rows * pairs) + " values, got " +
                     std::to_string(pair_values.size()));
  }
  for (std::size_t i = 0; i < pair_values.size(); ++i) {
    if (std::isinf(pair_values[i]))
      throw ValueError("pair_values: row " + std::to_string(i / pairs) + " is infinite");
  }
  out.rows = rows;
  out.dense.resize(rows * out.dense_columns);
  out.bins.resize(rows * out.coded.size());
  out.fractions.resize(rows * out.coded.size());

  constexpr double flops_per_value = 100;
  const double flops = flops_per_value * static_cast<double>(rows) * static_cast<double>(prepare.work.size());
  run_call(claim_for(flops).threads(), [&](int thread, int threads) {
    const Range mine = rows_of_blocks(Share(thread, threads, 1).take(row_blocks(rows), 1), rows);
    const RowWriter write{out};
    for (const ColumnWork& of_column : prepare.work) {
      std::visit(
          [&](const auto& code_row) {
            for (std::size_t row = mine.begin; row < mine.end; ++row) code_row(write, row);
          },
          of_column);
    }
  });
  return out;
}

std::vector<std::uint32_t> cells_of(const Cells& cells, const Table::Column& column) {
  check_cells(cells);
  const Table table{{cells.column}, {column}};
  ReadColumns columns(table);
  const CellValues values = read_cells(columns, cells);
  std::vector<std::uint32_t> found(columns.rows());
  for (std::size_t i = 0; i < found.size(); ++i) found[i] = static_cast<std::uint32_t>(values.at(cells, i));
  return found;
}

}  // namespace fanin
