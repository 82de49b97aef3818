// Trains a classifier on a CSV file of numbers with a header line and the class 0, 1, ... in the last column,
// and saves it: train_csv table.csv model.safetensors
#include <algorithm>
#include <cmath>
#include <fanin/fanin.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Table {
  std::vector<double> values;
  std::size_t columns = 0;
  std::size_t rows() const { return values.size() / columns; }
};

// Throws std::runtime_error with a message if the file is not such a table.
Table read_csv(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  Table table;
  std::string line;
  std::getline(in, line);  // names
  table.columns = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    const std::string place = path + ": line " + std::to_string(number) + ": ";
    std::istringstream cells(line);
    std::size_t count = 0;
    for (std::string cell; std::getline(cells, cell, ','); ++count) {
      std::istringstream text(cell);
      double value = 0;
      text >> value;
      if (text.fail() || !(text >> std::ws).eof()) {
        throw std::runtime_error(place + "expected a number, got \"" + cell + "\"");
      }
      table.values.push_back(value);
    }
    if (count != table.columns) {
      throw std::runtime_error(place + "expected " + std::to_string(table.columns) + " columns, got " +
                               std::to_string(count));
    }
    if (const double label = table.values.back();
        !(label >= 0 && label < 1000 && label == std::floor(label))) {
      throw std::runtime_error(place + "expected a class 0, 1, ..., 999 in the last column");
    }
  }
  if (table.columns < 2 || table.rows() < 5) {
    throw std::runtime_error(path + ": expected a header line of at least 2 names, and at least 5 rows");
  }
  return table;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: train_csv table.csv model.safetensors\n";
    return 2;
  }
  try {
    const Table table = read_csv(argv[1]);
    const std::size_t inputs = table.columns - 1, rows = table.rows(), trained = rows * 4 / 5;
    std::vector<std::int64_t> labels;
    std::int64_t classes = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<std::int64_t>(table.values[i * table.columns + inputs]));
      classes = std::max(classes, labels.back() + 1);
    }

    // views of the table: nothing is copied
    const auto rows_from = [&](std::size_t first, std::size_t count) {
      const auto stride = static_cast<std::ptrdiff_t>(table.columns);
      return fanin::DataSet{
          fanin::MatrixView<const double>{table.values.data() + first * table.columns, count, inputs, stride},
          std::span<const std::int64_t>(labels).subspan(first, count)};
    };

    fanin::Network<float> net(inputs,
                              {{32, fanin::activation<fanin::Relu>}, {static_cast<std::size_t>(classes)}},
                              fanin::SoftmaxCrossEntropy{});
    fanin::Method method = fanin::Adam{};
    method.learning_rate = fanin::Cosine{.first = 0.02, .steps = 100 * static_cast<double>(trained) / 16};
    const fanin::History history = fanin::fit(net, rows_from(0, trained), method,
                                              {.epochs = 100,
                                               .batch_size = 16,
                                               .validation = rows_from(trained, rows - trained),
                                               .early_stopping = fanin::EarlyStopping{.patience = 20}});

    const std::size_t best = history.best_epoch.value_or(history.epochs.size());
    std::cout << "epoch " << best << " of " << history.epochs.size() << ": accuracy "
              << history.epochs[best - 1].validation->metric << " on validation rows\n";
    net.set_metadata({{"trained on", argv[1]}});
    net.save(argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
