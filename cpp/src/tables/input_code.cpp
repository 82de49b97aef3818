#include "tables/input_code.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>
#include <string>

#include "data/numbers.hpp"
#include "fanin/error.hpp"
#include "tables/layout.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// A number as the text of a level: the shortest that gives it again
class NumberText {
 public:
  explicit NumberText(double x) {
    if (std::isnan(x)) return;
    end_ = static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), x + 0.0).ptr -
                                    text_.data());  // not -0
  }
  std::string_view view() const {
    return end_ == 0 ? std::string_view() : std::string_view(text_.data(), end_);
  }

 private:
  std::array<char, 24> text_;  // the longest is -2.2250738585072014e-308
  std::size_t end_ = 0;
};

double number_in(const std::string& level) {
  std::istringstream stream(level);
  stream.imbue(std::locale::classic());
  double value = 0;
  stream >> value;
  return value;
}

std::string name_of_column(std::size_t column) { return "x" + std::to_string(column); }

// The numbers that columns consist of, by name
struct LearnedNumbers {
  const std::function<void(const std::string&, const std::vector<double>&)>& f;
  std::string prefix;

  void operator()(const char* name, double value) const { f(prefix + name, {value}); }
  void operator()(const char* name, const std::vector<double>& values) const { f(prefix + name, values); }
  void operator()(const char*, const NumberCode& code) const { code.fields(code, *this); }
  void operator()(const char* name, const std::string& text) const {
    if (name != std::string_view("column") && name != std::string_view("note"))
      (*this)(name, number_in(text));
  }
  void operator()(const char* name, const std::vector<std::string>& levels) const {
    std::vector<double> numbers(levels.size());
    std::transform(levels.begin(), levels.end(), numbers.begin(), number_in);
    (*this)(name, numbers);
  }
  // Dates and pairs, which no input layer has
  template <class Other>
  void operator()(const char*, const Other&) const {}
};

// Whether a layer may have learned such a column
struct PossibleColumn {
  bool levels;  // or numbers

  static bool are_numbers(const std::vector<std::string>& texts) {
    return std::ranges::all_of(texts,
                               [](const std::string& t) { return NumberText(number_in(t)).view() == t; });
  }
  bool operator()(const NumberColumn& c) const { return !levels && c.code.spikes.empty(); }
  bool operator()(const TwoNumbersColumn&) const { return !levels; }
  bool operator()(const TwoLevelsColumn& c) const { return levels && are_numbers({c.low, c.high}); }
  bool operator()(const CategoryColumn& c) const {
    return levels && are_numbers(c.levels) && are_numbers(c.rare);
  }
  bool operator()(const DroppedColumn&) const { return true; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

bool has_levels(const TableColumn& column) {
  return std::holds_alternative<TwoLevelsColumn>(column) || std::holds_alternative<CategoryColumn>(column);
}

// f(row, its values in double) for all rows, on a team
template <class F>
void for_each_row_of(const Samples& x, F&& f) {
  constexpr double flops_per_value = 30;
  const std::size_t rows = rows_of(x), columns = columns_of(x);
  const double flops = flops_per_value * static_cast<double>(rows) * static_cast<double>(columns);
  const Claim claim = claim_for(flops);
  std::vector<double> buffers(columns * static_cast<std::size_t>(claim.threads()));
  run_call(claim.threads(), [&](int thread, int threads) {
    double* const values = buffers.data() + columns * static_cast<std::size_t>(thread);
    const Range mine = rows_of_blocks(Share(thread, threads, 1).take(row_blocks(rows), 1), rows);
    for (std::size_t row = mine.begin; row < mine.end; ++row) {
      convert_values(values, x, row, {0, columns});
      f(row, values);
    }
  });
}

CodedTable encode_samples(const TableEncoder& encoder, const Samples& x) {
  const std::vector<TableColumn>& columns = encoder.columns();
  const std::size_t rows = rows_of(x);
  const bool levels = std::ranges::any_of(columns, has_levels);
  std::vector<double> numbers(levels ? 0 : rows * columns.size());  // column by column
  std::vector<NumberText> texts(levels ? rows * columns.size() : 0, NumberText(0));
  std::vector<std::string_view> views(texts.size());
  for_each_row_of(x, [&](std::size_t row, const double* values) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const std::size_t at = j * rows + row;
      if (!levels) {
        numbers[at] = values[j];
      } else {
        texts[at] = NumberText(values[j]);
        views[at] = texts[at].view();
      }
    }
  });
  Table table;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    table.names.push_back(name_of(columns[j]));
    if (levels) {
      table.columns.emplace_back(std::span<const std::string_view>(views).subspan(j * rows, rows));
    } else {
      table.columns.emplace_back(std::span<const double>(numbers).subspan(j * rows, rows));
    }
  }
  return encoder.encode(table);
}

}  // namespace

CodeLearner::CodeLearner(const std::vector<Layer>& layers, std::size_t columns, bool several)
    : kind_(layers[0].kind),
      layer_(layers),
      columns_(columns),
      sample_(columns, several),
      level_counts_(std::holds_alternative<OneHot>(kind_) ? columns : 0) {}

void CodeLearner::add_rows(const Samples& x, const std::vector<double>& weights) {
  std::vector<double> values(columns_);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    ++rows_;
    if (level_counts_.empty()) continue;
    convert_values(values.data(), x, i, {0, columns_});
    for (std::size_t j = 0; j < columns_; ++j) {
      if (!std::isnan(values[j])) ++level_counts_[j][values[j] + 0.0];  // not -0
    }
  }
  if (level_counts_.empty()) sample_.add(x, weights);
}

TableColumn CodeLearner::learn_levels(std::size_t column, const OneHot& how) const {
  std::vector<std::pair<std::string, std::size_t>> levels;
  for (const auto& [number, count] : level_counts_[column]) {
    levels.emplace_back(NumberText(number).view(), count);
  }
  return learn_category(name_of_column(column), std::move(levels), rows_, how.min_count);
}

std::vector<TableColumn> CodeLearner::learn_numbers_of(const PiecewiseLinear& how,
                                                       const Samples* only) const {
  RowSample sample = sample_;
  sample.sort();
  constexpr std::size_t together = 16;  // columns that are read from a row at a time
  std::vector<TableColumn> learned;
  std::vector<double> rows, values(sample.size());
  for (std::size_t begin = 0; begin < columns_; begin += together) {
    const Range some{begin, std::min(columns_, begin + together)};
    const std::size_t n = some.end - some.begin;
    rows.resize(sample.size() * n);
    sample.values(rows.data(), some, only);
    for (std::size_t j = some.begin; j < some.end; ++j) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = rows[i * n + j - begin];
      learned.push_back(learn_numbers(name_of_column(j), values, how.bins));
    }
  }
  return learned;
}

InputMap CodeLearner::learn(const Samples* only) const {
  if (rows_ == 0) throw ValueError("X: expected at least one row to learn from, got none");
  std::vector<TableColumn> learned;
  if (const auto* levels = std::get_if<OneHot>(&kind_)) {
    for (std::size_t j = 0; j < columns_; ++j) learned.push_back(learn_levels(j, *levels));
  } else {
    learned = learn_numbers_of(std::get<PiecewiseLinear>(kind_), only);
  }
  TableEncoder encoder(std::move(learned));
  InputMap map = layer_.new_map(columns_, {}, columns_of(encoder));
  map.encoder = std::move(encoder);
  return map;
}

void check_code(const TableEncoder& encoder, const std::vector<Layer>& layers, std::size_t columns) {
  if (encoder.columns().size() != columns) {
    throw ValueError("columns: expected one for each of " + std::to_string(columns) + " inputs, got " +
                     std::to_string(encoder.columns().size()));
  }
  const PossibleColumn possible{std::holds_alternative<OneHot>(layers[0].kind)};
  for (std::size_t j = 0; j < columns; ++j) {
    const TableColumn& column = encoder.columns()[j];
    if (name_of(column) == name_of_column(j) && std::visit(possible, column)) continue;
    throw ValueError("columns: expected column \"" + name_of_column(j) + "\" as its input layer learns it");
  }
}

void for_each_learned(const TableEncoder& encoder,
                      const std::function<void(const std::string&, const std::vector<double>&)>& f) {
  for (const TableColumn& column : encoder.columns()) {
    std::visit([&](const auto& c) { c.fields(c, LearnedNumbers{f, c.column + "."}); }, column);
  }
}

NodeSamples::NodeSamples(const InputMap& map, const Samples& x) : rows_(x) {
  if (!map.encoder) return;
  table_ = encode_samples(*map.encoder, x);
  rows_ = table_.view();
  rows_.starts = x.starts;
}

}  // namespace fanin
