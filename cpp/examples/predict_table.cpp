// Predicts the rows of a CSV file with a model saved by FaninClassifier or FaninRegressor:
// predict_table model.safetensors table.csv. The file has a header line with the names of the columns, in any
// order, and no quotes; an empty cell is missing. Dates are days since 1970-01-01.
#include <algorithm>
#include <cmath>
#include <fanin/fanin.hpp>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace {

struct Csv {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> columns;
};

std::vector<std::string> cells_of_line(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line + ',');
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

Csv read_csv(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line)) throw fanin::Error(path + ": cannot be read");
  Csv csv{cells_of_line(line), {}};
  csv.columns.resize(csv.names.size());
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = cells_of_line(line);
    if (cells.size() != csv.names.size()) throw fanin::Error(path + ": another number of cells: " + line);
    for (std::size_t j = 0; j < cells.size(); ++j) csv.columns[j].push_back(cells[j]);
  }
  return csv;
}

// Whether the model codes the column as text
bool is_text(const fanin::TableEncoder& encoder, const std::string& name) {
  return std::ranges::any_of(encoder.columns(), [&](const fanin::TableColumn& column) {
    return fanin::name_of(column) == name && (std::holds_alternative<fanin::CategoryColumn>(column) ||
                                              std::holds_alternative<fanin::TwoLevelsColumn>(column));
  });
}

double number(const std::string& cell) {
  std::istringstream in(cell);
  double value = 0;
  return in >> value ? value : std::numeric_limits<double>::quiet_NaN();
}

void predict(const fanin::TableModel& model, const Csv& csv) {
  const std::size_t rows = csv.columns.front().size(), outputs = model.outputs();
  std::vector<std::vector<double>> numbers(csv.names.size());  // a table is a view of these
  std::vector<std::vector<std::string_view>> texts(csv.names.size());
  fanin::Table table;
  for (std::size_t j = 0; j < csv.names.size(); ++j) {
    table.names.push_back(csv.names[j]);
    if (is_text(model.encoder(), csv.names[j])) {
      for (const std::string& cell : csv.columns[j]) {
        texts[j].push_back(cell.empty() ? std::string_view() : std::string_view(cell));
      }
      table.columns.emplace_back(texts[j]);
    } else {
      std::ranges::transform(csv.columns[j], std::back_inserter(numbers[j]), number);
      table.columns.emplace_back(numbers[j]);
    }
  }
  std::vector<double> out(rows * outputs), spread(rows * outputs);
  model.predict(table, fanin::row_major(out.data(), rows, outputs),
                fanin::row_major(spread.data(), rows, outputs));
  const std::vector<std::string>& labels = model.task().labels;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = out.begin() + static_cast<std::ptrdiff_t>(i * outputs);
    const auto best =
        static_cast<std::size_t>(std::max_element(row, row + static_cast<std::ptrdiff_t>(outputs)) - row);
    if (labels.empty()) {
      for (std::size_t j = 0; j < outputs; ++j) {
        std::cout << (j > 0 ? ", " : "") << row[static_cast<std::ptrdiff_t>(j)] << " +- "
                  << spread[i * outputs + j];
      }
    } else if (model.several_labels()) {
      for (std::size_t j = 0; j < outputs; ++j) {
        std::cout << (j > 0 ? ", " : "") << labels[j] << ' ' << row[static_cast<std::ptrdiff_t>(j)];
      }
    } else {
      std::cout << labels[best] << " with probability " << row[static_cast<std::ptrdiff_t>(best)];
    }
    std::cout << "\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: predict_table model.safetensors table.csv\n";
    return 2;
  }
  try {
    predict(fanin::load_table_model(argv[1]), read_csv(argv[2]));
  } catch (const fanin::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
