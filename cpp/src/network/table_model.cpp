// Prediction by the networks of a model of tables.
#include "fanin/table_model.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "data/operands.hpp"
#include "network/metadata.hpp"
#include "tables/layout.hpp"

namespace fanin {
namespace {

// The levels of quantiles; none for other losses
std::span<const double> levels_of(const Network<float>& net) {
  const auto* quantile = std::get_if<Quantile>(&net.loss());
  return quantile == nullptr ? std::span<const double>()
                             : std::span(quantile->levels.value).first(quantile->levels.count);
}

// In place; not by std::sort, which numbers that are none would confuse
void sort_few(std::span<float> values) {
  for (std::size_t i = 1; i < values.size(); ++i) {
    for (std::size_t j = i; j > 0 && values[j] < values[j - 1]; --j) std::swap(values[j], values[j - 1]);
  }
}

void check_task(const TableTask& task) {
  if (task.labels.empty() == task.targets.empty()) {
    throw ValueError("task: expected either labels or targets");
  }
  if (task.labels.size() == 1) throw ValueError("task: expected two or more labels, got 1");
  for (const TargetScale& target : task.targets) {
    if (!std::isfinite(target.mean) || !std::isfinite(target.scale) || !(target.low <= target.high)) {
      throw ValueError("task: expected targets with a finite mean and scale, and low <= high");
    }
  }
}

void check_members(const std::vector<Network<float>>& networks, std::size_t inputs, const TableTask& task) {
  const std::size_t outputs = task.labels.size() == 2 ? 1 : task.labels.size() + task.targets.size();
  for (std::size_t m = 0; m < networks.size(); ++m) {
    const Network<float>& net = networks[m];
    const std::string member = "member " + std::to_string(m + 1) + ": ";
    const bool fits = net.outputs() == outputs || (task.labels.size() == 2 && net.outputs() == 2);
    if (net.inputs() != inputs || !fits || net.outputs() != networks[0].outputs()) {
      throw ValueError(member + "expected " + std::to_string(inputs) + " inputs and " +
                       std::to_string(outputs) + " outputs, got " + std::to_string(net.inputs()) + " and " +
                       std::to_string(net.outputs()));
    }
    if (net.loss().index() != networks[0].loss().index()) {
      throw ValueError(member + "expected the loss of member 1");
    }
    const std::span<const double> levels = levels_of(net);
    if (!std::ranges::is_sorted(levels)) throw ValueError(member + "expected quantiles in ascending order");
  }
}

void check_member_weights(const std::vector<double>& weights, std::size_t members) {
  if (members == 0) throw ValueError("networks: expected at least one, got none");
  if (weights.size() != members) {
    throw ValueError("weights: expected one for each of " + std::to_string(members) + " networks, got " +
                     std::to_string(weights.size()));
  }
  for (const double weight : weights) {
    if (weight > 0 && std::isfinite(weight)) continue;
    throw ValueError("weights: expected finite numbers above 0, got " + number_text(weight));
  }
}

double& cell_at(const MatrixView<double>& m, std::size_t row, std::size_t column) {
  return m.data[static_cast<std::ptrdiff_t>(row) * m.row_stride +
                static_cast<std::ptrdiff_t>(column) * m.column_stride];
}

// Running means of values, and sums of their weighted squared deviations (West 1979)
struct WeightedMoments {
  MatrixView<double> mean, squares;
  double total = 0;  // of the weights before this member

  void add(std::size_t row, std::size_t column, double value, double weight) const {
    double& of = cell_at(mean, row, column);
    const double difference = value - of;
    of += difference * (weight / (total + weight));
    if (squares.data != nullptr) cell_at(squares, row, column) += weight * difference * (value - of);
  }
};

// What a member predicts for a row: probabilities, of sum 1 unless each label is one of its own, or targets
// in their units
struct Meaning {
  const TableTask& task;
  std::size_t outputs;  // of the network
  bool several;         // labels of a row

  template <class F>
  void each(const float* a, F&& f) const {
    if (!task.labels.empty() && outputs == 1) {
      const auto p = static_cast<double>(a[0]);
      f(std::size_t{0}, 1 - p);
      f(std::size_t{1}, p);
      return;
    }
    double sum = 0;
    for (std::size_t j = 0; j < outputs; ++j) sum += static_cast<double>(a[j]);
    if (several) sum = 1;
    for (std::size_t j = 0; j < outputs; ++j) {
      const auto value = static_cast<double>(a[j]);
      f(j, task.labels.empty() ? target(task.targets[j], value) : value / sum);
    }
  }
  static double target(const TargetScale& of, double a) {
    return std::min(std::max(a * of.scale + of.mean, of.low), of.high);
  }
};

}  // namespace

TableModel::TableModel(TableEncoder encoder, std::vector<Network<float>> networks,
                       std::vector<double> weights, TableTask task)
    : encoder_(std::move(encoder)),
      networks_(std::move(networks)),
      weights_(std::move(weights)),
      task_(std::move(task)) {
  check_task(task_);
  check_member_weights(weights_, networks_.size());
  check_members(networks_, columns_of(encoder_), task_);
}

bool TableModel::several_labels() const {
  return !task_.labels.empty() && networks_[0].outputs() > 1 &&
         std::holds_alternative<LogisticLoss>(networks_[0].loss());
}

std::size_t TableModel::outputs() const { return task_.labels.size() + task_.targets.size(); }

void TableModel::predict(const Table& table, MatrixView<double> out, MatrixView<double> spread,
                         const std::function<bool()>& interrupted) const {
  const CodedTable rows = encoder_.encode(table);
  out = checked_view("out", out, rows.rows, outputs());
  const bool spreads = spread.rows > 0;
  if (spreads) spread = checked_view("spread", spread, rows.rows, outputs());
  for (std::size_t i = 0; i < rows.rows; ++i) {
    for (std::size_t j = 0; j < outputs(); ++j) cell_at(out, i, j) = spreads ? cell_at(spread, i, j) = 0 : 0;
  }
  const Meaning meaning{task_, networks_[0].outputs(), several_labels()};
  const bool quantiles = levels_of(networks_[0]).size() > 1;
  std::vector<float> outputs_of_member(rows.rows * meaning.outputs);
  WeightedMoments moments{out, spreads ? spread : MatrixView<double>{}};
  for (std::size_t m = 0; m < networks_.size(); ++m) {
    networks_[m].predict(rows.view(), row_major(outputs_of_member.data(), rows.rows, meaning.outputs),
                         interrupted);
    for (std::size_t i = 0; i < rows.rows; ++i) {
      float* of_row = outputs_of_member.data() + i * meaning.outputs;
      if (quantiles) sort_few({of_row, meaning.outputs});
      meaning.each(of_row, [&](std::size_t j, double value) { moments.add(i, j, value, weights_[m]); });
    }
    moments.total += weights_[m];
  }
  for (std::size_t i = 0; quantiles && i < rows.rows; ++i) {  // means of them cross by rounding alone
    for (std::size_t j = 1; j < outputs(); ++j) {
      cell_at(out, i, j) = std::max(cell_at(out, i, j), cell_at(out, i, j - 1));
    }
  }
  for (std::size_t i = 0; spreads && i < rows.rows; ++i) {
    for (std::size_t j = 0; j < outputs(); ++j) {
      cell_at(spread, i, j) = std::sqrt(cell_at(spread, i, j) / moments.total);
    }
  }
}

void TableModel::set_metadata(std::map<std::string, std::string> metadata) {
  check_metadata(metadata);
  metadata_ = std::move(metadata);
}

}  // namespace fanin
