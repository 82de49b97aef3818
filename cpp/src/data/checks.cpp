#include "data/checks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/field_check.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/coded_rows.hpp"
#include "data/gather.hpp"
#include "data/id_columns.hpp"
#include "data/loss.hpp"
#include "data/numbers.hpp"
#include "data/operands.hpp"
#include "data/sample_weights.hpp"
#include "data/sparse_rows.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

// The largest number of type T, converted to S, or the largest of S if that is smaller
template <class T, class S>
constexpr S limit_of() {
  return static_cast<S>(std::min<long double>(std::numeric_limits<T>::max(), std::numeric_limits<S>::max()));
}

// Which values of a matrix are accepted
struct Accepted {
  bool wide = false;     // all finite numbers, not only those of type T
  bool missing = false;  // NaN

  template <class T, class S>
  S limit() const {
    return wide ? std::numeric_limits<S>::max() : limit_of<T, S>();
  }
  template <class T, class S>
  bool accepts(S value) const {
    return std::abs(value) <= limit<T, S>() || (missing && std::isnan(value));
  }
};

template <class T>
[[noreturn]] void refuse_value(const std::string& name, std::size_t row, std::size_t column, double value,
                               const Accepted& accepted) {
  const std::string rule = accepted.missing ? "; values must be finite, or NaN if they are missing"
                                            : "; every value must be finite in float" +
                                                  std::to_string(accepted.wide ? 64 : sizeof(T) * 8);
  throw BadValueError(name, row, column, "is " + number_text(value) + rule);
}

// The first value that is not accepted, or n
template <class S>
std::size_t find_bad(const S* values, std::size_t n, S limit, bool missing) {
  std::size_t i = kernels<S>().find_beyond(values, n, limit);
  while (missing && i < n && std::isnan(values[i])) {
    ++i;
    i += kernels<S>().find_beyond(values + i, n - i, limit);
  }
  return i;
}

// Values must be finite in the type T of the network's arithmetic, unless more is accepted
template <class T, class S>
void check_finite(const std::string& name, const MatrixView<const S>& m, const Accepted& accepted = {}) {
  const S limit = accepted.limit<T, S>();
  const auto at = [&](std::size_t i, std::size_t j) {
    return m.data + static_cast<std::ptrdiff_t>(i) * m.row_stride +
           static_cast<std::ptrdiff_t>(j) * m.column_stride;
  };
  const bool dense = m.column_stride == 1 && m.row_stride == static_cast<std::ptrdiff_t>(m.columns);
  const std::size_t lines = dense ? 1 : m.rows, length = dense ? m.rows * m.columns : m.columns;
  for (std::size_t i = 0; i < lines; ++i) {
    if (m.column_stride == 1) {
      const std::size_t j = find_bad(at(i, 0), length, limit, accepted.missing);
      if (j < length) refuse_value<T>(name, i + j / m.columns, j % m.columns, at(i, 0)[j], accepted);
    } else {
      for (std::size_t j = 0; j < m.columns; ++j) {
        const S value = *at(i, j);
        if (!accepted.accepts<T>(value)) refuse_value<T>(name, i, j, value, accepted);
      }
    }
  }
}

template <class T>
void check_finite(const std::string& name, const NumberMatrix& m, const Accepted& accepted = {}) {
  if (is_whole(m.type)) return;
  constexpr std::size_t most = 512;
  double values[most];
  for (std::size_t row = 0; row < m.rows; ++row) {
    for (std::size_t begin = 0; begin < m.columns; begin += most) {
      const Range columns{begin, std::min(begin + most, m.columns)};
      const std::size_t n = columns.end - columns.begin;
      convert_row(values, m, row, columns);
      const std::size_t j = find_bad(values, n, accepted.limit<T, double>(), accepted.missing);
      if (j < n) refuse_value<T>(name, row, begin + j, values[j], accepted);
    }
  }
}

// Values at the same place are added up in A; `sums` has a 0 for each column.
template <class T, class A>
void check_sums(const std::string& name, const SparseRows& m, std::size_t row, const Accepted& accepted,
                std::vector<A>& sums) {
  sums.resize(m.columns);
  for_each_value<A>(m, row, [&](std::size_t column, A value) {
    A& sum = sums[column];
    sum += value;
    if (!accepted.accepts<T>(sum)) refuse_value<T>(name, row, column, sum, accepted);
  });
  for_each_value<A>(m, row, [&](std::size_t column, A) { sums[column] = 0; });
}

template <class T>
void check_finite(const std::string& name, const SparseRows& m, const Accepted& accepted = {}) {
  if (is_whole(m.values.type)) return;
  std::vector<T> sums;
  std::vector<double> wide_sums;
  for (std::size_t row = 0; row < m.rows; ++row) {
    std::size_t next = 0;
    bool in_order = true;
    for_each_value<double>(m, row, [&](std::size_t column, double value) {
      if (!accepted.accepts<T>(value)) refuse_value<T>(name, row, column, value, accepted);
      in_order = in_order && column >= next;
      next = column + 1;
    });
    if (in_order) continue;
    accepted.wide ? check_sums<T>(name, m, row, accepted, wide_sums)
                  : check_sums<T>(name, m, row, accepted, sums);
  }
}

template <class T>
void check_finite(const std::string& name, const CodedRows& m, const Accepted& accepted = {}) {
  check_finite<T>(name, row_major(m.dense.data(), m.rows, m.dense_columns), accepted);
  check_finite<T>(name + ".centre", row_major(m.centre.data(), 1, m.centre.size()));
}

}  // namespace

const Loss& checked_loss(const Loss& loss, std::size_t outputs) {
  std::visit([](const auto& l) { l.fields(l, FieldCheck{}); }, loss);
  if (const auto* quantile = std::get_if<Quantile>(&loss);
      quantile != nullptr && quantile->levels.count != outputs) {
    throw ValueError("levels: expected one for each of " + std::to_string(outputs) + " outputs, got " +
                     std::to_string(quantile->levels.count));
  }
  if (std::holds_alternative<SoftmaxCrossEntropy>(loss) && outputs == 1) {
    throw ValueError(
        "loss: softmax_cross_entropy needs an output for each class, at least 2, got 1; for one yes-no "
        "output use the loss logistic");
  }
  return loss;
}

void check_batch(std::size_t rows, bool batch_norm) {
  if (!batch_norm || rows > 1) return;
  throw ValueError(
      "X: expected at least 2 rows, because batch norm divides by the standard deviation of a batch, got 1");
}

namespace {

template <class Matrix>
void check_memory(const Matrix& x) {
  check_data_of("X", x.data, x.rows, x.columns);
}
void check_memory(const SparseRows& x) {
  check_lengths(x);
  check_data_of("X", x.values.data, 1, x.values.columns);
  const auto check = [](const auto& of) { check_data_of("X", of.data(), 1, of.size()); };
  std::visit(check, x.column_numbers);
  std::visit(check, x.row_starts);
}
void check_memory(const CodedRows& x) {
  check_lengths(x);
  check_data_of("X", x.dense.data(), 1, x.dense.size());
  check_data_of("X", x.bins.data(), 1, x.bins.size());
  check_data_of("X", x.fractions.data(), 1, x.fractions.size());
}

void check_samples_shape(const Samples& x, std::size_t inputs) {
  const std::size_t rows = rows_of(x), columns = columns_of(x);
  if (columns != inputs) {
    throw ValueError("X: expected " + std::to_string(inputs) + " columns, one for each input, got shape " +
                     shape_text(rows, columns));
  }
  if (rows >= (std::uint64_t{1} << 32)) {
    throw ValueError("X: expected fewer than 2^32 rows, got " + std::to_string(rows));
  }
  std::visit([](const auto& m) { check_memory(m); }, x);
}

void check_targets_shape(const Targets& y, std::size_t rows, std::size_t outputs, const Loss& loss) {
  const auto check_rows = [&](std::size_t got) {
    if (got == rows) return;
    throw ValueError("y: expected " + std::to_string(rows) + " rows to match X, got " + std::to_string(got));
  };
  if (const auto* labels = std::get_if<Labels>(&y)) {
    if (kind_of(loss) != TargetKind::labels)
      throw ValueError("y: the loss " + name_of(loss) + " expects rows of targets, got labels");
    check_rows(labels->column.rows);
    check_data_of("y", labels->column.data, rows, labels->column.columns);
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
    check_data_of("y", m.data, m.rows, m.columns);
  });
}

// Finite in T, and in the range of the loss
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

template <class T>
void check_sample_values(const Samples& x, const InputLayer& layer) {
  if (layer.ids && !layer.ids->bags) return check_ids(x, *layer.ids);
  if (const auto* sparse = std::get_if<SparseRows>(&x)) check_places(*sparse);
  if (const auto* coded = std::get_if<CodedRows>(&x)) check_places(*coded);
  const Accepted accepted{layer.exists, layer.allows_missing};
  std::visit([&](const auto& m) { check_finite<T>("X", m, accepted); }, x);
}

}  // namespace

void check(const CodedRows& rows) {
  check_memory(rows);
  check_places(rows);
  check_finite<float>("X", rows);
}

template <class T>
void check_samples(const Samples& x, std::size_t inputs, const InputLayer& layer, Checks checks) {
  check_samples_shape(x, inputs);
  if (checks == Checks::all) check_sample_values<T>(x, layer);
}

void check_learned(const InputLayer& layer) {
  if (layer.learned()) return;
  throw ValueError("network: its input layer has not learned from data yet; call fit or adapt first");
}

template <class T>
void check_targets(const Targets& y, SampleWeights weights, std::size_t rows, std::size_t outputs,
                   const Loss& loss, Checks checks, double largest_weight) {
  check_targets_shape(y, rows, outputs, loss);
  check_sample_weights<T>(weights, rows, largest_weight);
  if (const auto* labels = std::get_if<Labels>(&y)) check_labels(*labels, outputs);
  if (checks == Checks::shapes) return;
  visit_matrix(y, [&](const auto& matrix) { check_target_values<T>(matrix, loss); });
}

template <class T>
void check_data(const Samples& x, const Targets& y, SampleWeights weights, std::size_t inputs,
                std::size_t outputs, const Loss& loss, const InputLayer& layer, Over over, Checks checks,
                double largest_weight) {
  check_samples_shape(x, inputs);
  check_sequences(x, over);
  const std::size_t targets = targets_of(x, over);
  check_targets_shape(y, targets, outputs, loss);
  if (checks == Checks::all) check_sample_values<T>(x, layer);
  check_targets<T>(y, weights, targets, outputs, loss, checks, largest_weight);
}

template void check_targets<float>(const Targets&, SampleWeights, std::size_t, std::size_t, const Loss&,
                                   Checks, double);
template void check_targets<double>(const Targets&, SampleWeights, std::size_t, std::size_t, const Loss&,
                                    Checks, double);
template void check_samples<float>(const Samples&, std::size_t, const InputLayer&, Checks);
template void check_samples<double>(const Samples&, std::size_t, const InputLayer&, Checks);
template void check_data<float>(const Samples&, const Targets&, SampleWeights, std::size_t, std::size_t,
                                const Loss&, const InputLayer&, Over, Checks, double);
template void check_data<double>(const Samples&, const Targets&, SampleWeights, std::size_t, std::size_t,
                                 const Loss&, const InputLayer&, Over, Checks, double);

}  // namespace fanin
