#include "checks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "fanin/error.hpp"
#include "field_check.hpp"
#include "gather.hpp"
#include "loss.hpp"
#include "registry.hpp"
#include "sample_weights.hpp"

namespace fanin {
namespace {

// the greatest number of type T, in type S or the greatest of that
template <class T, class S>
constexpr S limit_of() {
  return static_cast<S>(std::min<long double>(std::numeric_limits<T>::max(), std::numeric_limits<S>::max()));
}

template <class T>
[[noreturn]] void refuse_value(const std::string& name, std::size_t row, std::size_t column, double value) {
  throw BadValueError(
      name, row, column,
      "is " + number_text(value) + "; every value must be finite in float" + std::to_string(sizeof(T) * 8));
}

// Values must be finite in the type T of the network's arithmetic
template <class T, class S>
void check_finite(const std::string& name, const MatrixView<const S>& m) {
  constexpr S limit = limit_of<T, S>();
  const auto at = [&](std::size_t i, std::size_t j) {
    return m.data + static_cast<std::ptrdiff_t>(i) * m.row_stride +
           static_cast<std::ptrdiff_t>(j) * m.column_stride;
  };
  const bool dense = m.column_stride == 1 && m.row_stride == static_cast<std::ptrdiff_t>(m.columns);
  const std::size_t lines = dense ? 1 : m.rows, length = dense ? m.rows * m.columns : m.columns;
  for (std::size_t i = 0; i < lines; ++i) {
    if (m.column_stride == 1) {
      const std::size_t j = kernels<S>().find_beyond(at(i, 0), length, limit);
      if (j < length) refuse_value<T>(name, i + j / m.columns, j % m.columns, at(i, 0)[j]);
    } else {
      for (std::size_t j = 0; j < m.columns; ++j) {
        if (!(std::abs(*at(i, j)) <= limit)) refuse_value<T>(name, i, j, *at(i, j));
      }
    }
  }
}

template <class T>
void check_finite(const std::string& name, const NumberMatrix& m) {
  if (is_whole(m.type)) return;
  constexpr std::size_t most = 512;
  double values[most];
  for (std::size_t row = 0; row < m.rows; ++row) {
    for (std::size_t begin = 0; begin < m.columns; begin += most) {
      const Range columns{begin, std::min(begin + most, m.columns)};
      const std::size_t n = columns.end - columns.begin;
      convert_row(values, m, row, columns);
      const std::size_t j = kernels<double>().find_beyond(values, n, limit_of<T, double>());
      if (j < n) refuse_value<T>(name, row, begin + j, values[j]);
    }
  }
}

template <class S>
double value_at(const MatrixView<const S>& m, std::size_t i, std::size_t j) {
  return m
      .data[static_cast<std::ptrdiff_t>(i) * m.row_stride + static_cast<std::ptrdiff_t>(j) * m.column_stride];
}

double value_at(const NumberMatrix& m, std::size_t i, std::size_t j) {
  double value = 0;
  convert_row(&value, m, i, {j, j + 1});
  return value;
}

}  // namespace

std::string number_text(double x) {
  std::ostringstream text;
  text << x;
  return text.str();
}

std::string shape_text(std::size_t rows, std::size_t columns) {
  return "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
}

std::string layer_text(std::size_t layer) { return "layers: layer " + std::to_string(layer + 1) + ": "; }

namespace {

void check_array(const std::string& owner, const Initializer& initializer, std::size_t size,
                 const std::string& shape) {
  const auto* values = std::get_if<Values>(&initializer);
  if (values == nullptr || values->array.size() == size) return;
  throw ValueError(owner + "array: expected " + shape + " elements, got " +
                   std::to_string(values->array.size()));
}

void check_initializers(const Dense& layer, std::size_t inputs, const std::string& text) {
  const std::string weights = text + "initializer: ", biases = text + "bias_initializer: ";
  std::visit([&](const auto& i) { i.fields(i, FieldCheck{weights}); }, layer.initializer);
  std::visit([&](const auto& i) { i.fields(i, FieldCheck{biases}); }, layer.bias_initializer);
  check_array(weights, layer.initializer, inputs * layer.units, shape_text(inputs, layer.units));
  check_array(biases, layer.bias_initializer, layer.units, std::to_string(layer.units));
  if (std::holds_alternative<Sparse>(layer.bias_initializer)) {
    throw ValueError(biases + "sparse chooses among the weights of a unit, and a unit has one bias");
  }
  const auto* sparse = std::get_if<Sparse>(&layer.initializer);
  if (sparse == nullptr) return;
  if (sparse->connections > inputs) {
    throw ValueError(weights + "connections: expected at most " + std::to_string(inputs) +
                     ", the inputs of the layer, got " + std::to_string(sparse->connections));
  }
  if (inputs >= (std::uint64_t{1} << 32)) {
    throw ValueError(weights + "sparse: expected fewer than 2^32 inputs, got " + std::to_string(inputs));
  }
}

void check_dense(const Dense& layer, std::size_t inputs, const std::string& text) {
  check_initializers(layer, inputs, text);
  if (!layer.batch_norm) return;
  check_batch_norm(*layer.batch_norm, text + "batch_norm: ");
  if (!std::holds_alternative<Zeros>(layer.bias_initializer)) {
    throw ValueError(text +
                     "bias_initializer: a layer with batch norm has no biases, as its means take them away");
  }
}

// What may stand where
void check_order(const std::vector<Layer>& layers) {
  for (std::size_t i = 1; i < layers.size(); ++i) {
    if (std::holds_alternative<Dropout>(layers[i].kind) &&
        std::holds_alternative<Dropout>(layers[i - 1].kind)) {
      throw ValueError(layer_text(i) + "a Dropout follows a Dropout; expected one, with the rate of both");
    }
  }
  bool normalized = false;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool norm = std::holds_alternative<BatchNorm>(layers[i].kind);
    if (norm && normalized) {
      throw ValueError(layer_text(i) + "a BatchNorm follows a BatchNorm; expected one of them");
    }
    if (norm || std::holds_alternative<Dense>(layers[i].kind)) normalized = norm;
  }
  if (!std::holds_alternative<Dense>(layers.back().kind)) {
    throw ValueError(layer_text(layers.size() - 1) + "the last layer gives the outputs; expected a Dense");
  }
}

}  // namespace

void check_architecture(std::size_t inputs, const std::vector<Layer>& layers) {
  if (inputs == 0) throw ValueError("n_inputs: expected at least 1, got 0");
  if (layers.empty()) throw ValueError("layers: expected at least one layer, got none");
  // far beyond any memory, and far from where sizes in bytes wrap around
  constexpr double most_weights = 0x1p40;
  double weights = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string layer = layer_text(i);
    if (const auto* norm = std::get_if<BatchNorm>(&layers[i].kind)) check_batch_norm(*norm, layer);
    if (const auto* dropout = std::get_if<Dropout>(&layers[i].kind)) {
      if (!(dropout->rate >= 0 && dropout->rate < 1)) {
        throw ValueError(layer + "rate: expected a number in [0, 1), got " + number_text(dropout->rate));
      }
    }
    const auto* dense = std::get_if<Dense>(&layers[i].kind);
    if (dense == nullptr) continue;
    if (dense->units == 0) throw ValueError(layer + "units: expected at least 1, got 0");
    const double columns = static_cast<double>(inputs);
    weights += (columns + 1) * static_cast<double>(dense->units);
    if (weights > most_weights || columns > most_weights) {
      throw ValueError(layer + "the network would have " + number_text(weights) + " weights, more than 2^40");
    }
    check_dense(*dense, inputs, layer);
    inputs = dense->units;
  }
  check_order(layers);
}

void check_loss(const Loss& loss, std::size_t outputs) {
  std::visit([](const auto& l) { l.fields(l, FieldCheck{}); }, loss);
  if (const auto* quantile = std::get_if<Quantile>(&loss);
      quantile != nullptr && quantile->levels.count != outputs) {
    throw ValueError("levels: expected one for each of " + std::to_string(outputs) + " outputs, got " +
                     std::to_string(quantile->levels.count));
  }
}

namespace {

void check_samples_shape(const Samples& x, std::size_t inputs) {
  const std::size_t rows = rows_of(x), columns = columns_of(x);
  if (columns != inputs) {
    throw ValueError("X: expected " + std::to_string(inputs) + " columns, one for each input, got shape " +
                     shape_text(rows, columns));
  }
  if (rows >= (std::uint64_t{1} << 32)) {
    throw ValueError("X: expected fewer than 2^32 rows, got " + std::to_string(rows));
  }
}

void check_targets_shape(const Targets& y, std::size_t rows, std::size_t outputs, const Loss& loss) {
  const auto check_rows = [&](std::size_t got) {
    if (got == rows) return;
    throw ValueError("y: expected " + std::to_string(rows) + " rows to match X, got " + std::to_string(got));
  };
  if (const auto* labels = std::get_if<std::span<const std::int64_t>>(&y)) {
    if (kind_of(loss) != TargetKind::labels) {
      throw ValueError("y: the loss " + name_of(loss) + " expects rows of targets, got labels");
    }
    check_rows(labels->size());
    return;
  }
  const std::size_t columns = kind_of(loss) == TargetKind::one_target ? 1 : outputs;
  visit_matrix(y, [&](const auto& m) {
    check_rows(m.rows);
    if (m.columns != columns) {
      std::string shape = shape_text(rows, columns);
      if (kind_of(loss) == TargetKind::labels) {
        shape = "(" + std::to_string(rows) + ",) of labels or " + shape + " of probabilities";
      }
      throw ValueError("y: expected shape " + shape + ", got " + shape_text(m.rows, m.columns));
    }
  });
}

// Finite in T, and in the range that the loss allows
template <class T, class Matrix>
void check_target_values(const Matrix& y, const Loss& loss) {
  check_finite<T>("y", y);
  const Allowed range = std::visit([](const auto& l) { return l.target_range; }, loss);
  if (std::isinf(range.low) && std::isinf(range.high)) return;
  for (std::size_t i = 0; i < y.rows; ++i) {
    for (std::size_t j = 0; j < y.columns; ++j) {
      const double value = value_at(y, i, j);
      if (allows(range, value)) continue;
      throw BadValueError("y", i, j,
                          "is " + number_text(value) + "; the loss " + name_of(loss) + " expects values in " +
                              interval(range));
    }
  }
}

void check_labels(std::span<const std::int64_t> labels, std::size_t outputs) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (static_cast<std::uint64_t>(labels[i]) < outputs) continue;
    throw ValueError("y: row " + std::to_string(i) + " is " + std::to_string(labels[i]) +
                     "; labels must be in 0.." + std::to_string(outputs - 1) + " for " +
                     std::to_string(outputs) + " outputs");
  }
}

template <class T>
void check_sample_values(const Samples& x) {
  std::visit([](const auto& m) { check_finite<T>("X", m); }, x);
}

}  // namespace

template <class T>
void check_samples(const Samples& x, std::size_t inputs) {
  check_samples_shape(x, inputs);
  check_sample_values<T>(x);
}

template <class T>
void check_targets(const Targets& y, SampleWeights weights, std::size_t rows, std::size_t outputs,
                   const Loss& loss) {
  check_targets_shape(y, rows, outputs, loss);
  check_sample_weights<T>(weights, rows);
  if (const auto* labels = std::get_if<std::span<const std::int64_t>>(&y)) check_labels(*labels, outputs);
  visit_matrix(y, [&](const auto& matrix) { check_target_values<T>(matrix, loss); });
}

template <class T>
void check_data(const Samples& x, const Targets& y, SampleWeights weights, std::size_t inputs,
                std::size_t outputs, const Loss& loss) {
  check_samples_shape(x, inputs);
  check_targets_shape(y, rows_of(x), outputs, loss);
  check_sample_values<T>(x);
  check_targets<T>(y, weights, rows_of(x), outputs, loss);
}

template void check_targets<float>(const Targets&, SampleWeights, std::size_t, std::size_t, const Loss&);
template void check_targets<double>(const Targets&, SampleWeights, std::size_t, std::size_t, const Loss&);
template void check_samples<float>(const Samples&, std::size_t);
template void check_samples<double>(const Samples&, std::size_t);
template void check_data<float>(const Samples&, const Targets&, SampleWeights, std::size_t, std::size_t,
                                const Loss&);
template void check_data<double>(const Samples&, const Targets&, SampleWeights, std::size_t, std::size_t,
                                 const Loss&);

}  // namespace fanin
