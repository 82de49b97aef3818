#include "plan/gathered.hpp"

#include <algorithm>

#include "base/registry.hpp"
#include "data/gather.hpp"

namespace fanin {
namespace {

// The cost of gathering a value of x from a row anywhere in memory, in flops that take as long
constexpr double kGatherFlops = 64;
// Where the entries of sparse rows begin is found anew for each part of a batch.
constexpr std::size_t kSparseRows = 16;

template <class T>
std::optional<CodedInput<T>> coded_input(const StepData& data, const Gathering& how) {
  if (!how.codes) return std::nullopt;
  return std::optional<CodedInput<T>>(std::in_place, std::get<CodedRows>(data.x), how.most_rows);
}

}  // namespace

template <class T>
Gathered<T>::Gathered(const StepData& data, const Gathering& how, const std::vector<Layer>& layers)
    : outputs_(how.outputs),
      target_columns_(columns_of_targets(data.y)),
      weighted_(data.weighted),
      together_(how.together),
      by_sequence_(how.by_sequence),
      coded_(coded_input<T>(data, how)) {
  if (how.rows) sparse_.emplace(data.x, layers, how.most_rows, true);
  out.columns = coded_ ? coded_->dense_columns() : sparse_ ? 0 : how.columns;
  out.ahead = out.gathered = true;
  const double values = static_cast<double>(out.columns + (coded_ ? coded_->columns() : 0)) +
                        (sparse_ ? sparse_->entries_of_row() : 0);
  job = {.name = "gather",
         .work = this,
         .part = 0,
         .columns = std::max<std::size_t>(1, out.columns),  // also those of the job that follows
         .column_unit = kAll,
         .row_unit = sparse_ ? kSparseRows : 1,
         .cost = kGatherFlops * values,
         .ahead = true};
  if (coded_) out.coded = &*coded_;
  if (sparse_) out.sparse = &*sparse_;
  for (auto& labels : labels_) labels = Buffer<std::int32_t>(target_columns_ == 0 ? how.most_rows : 0);
}

template <class T>
void Gathered<T>::bind(Carver<T>& memory, std::size_t rows) {
  out.even = memory.matrix(rows, out.columns);
  out.odd = memory.matrix(rows, out.columns);
  for (T*& target : targets_) target = memory.matrix(rows, target_columns_);
  for (T*& weight : weights_) weight = weighted_ ? memory.take(rows) : nullptr;
}

template <class T>
void Gathered<T>::ask_for(const DataSource<T>& data, Batch batch, Range rows) const {
  const std::uint32_t* const order = data.order + batch.first + rows.begin;
  const std::size_t count = rows.end - rows.begin;
  std::visit([&](const auto& x) { ask_for_rows(x, order, count); }, *data.x);
  if (by_sequence_) return;
  std::visit([&](const auto& y) { ask_for_rows(y, order, count); }, *data.y);
}

template <class T>
void Gathered<T>::run(int, const StepOf<T>& step, Range, Range rows) const {
  const DataSource<T>& data = *step.data;
  const Batch batch = step.batch;
  const Panels<T> x = out.out(batch);
  if (sparse_) {
    sparse_->gather(data.order, batch, rows);
  } else if (coded_) {
    const auto& from = std::get<CodedRows>(*data.x);
    const MatrixView<const float> dense = row_major(from.dense.data(), from.rows, from.dense_columns);
    gather_columns(dense, x, data.order, batch.first, rows, data.map);
    coded_->gather(from, data.order, batch, rows);
  } else {
    gather_samples(*data.x, x, data.order, batch.first, rows, data.map);
  }
  // The first rows of sequences are those of their first steps: a thread that gathers one of these gathers
  // the sequence's target, too.
  const Batch of_y = own(batch);
  const Range of_targets{std::min(rows.begin, of_y.rows), std::min(rows.end, of_y.rows)};
  const std::uint32_t* const order = by_sequence_ ? data.sequences : data.order;
  std::int32_t* const labels = labels_[batch.odd].data();
  gather_targets(*data.y, outputs_, labels, targets(of_y), order, of_y.first, of_targets);
  for (std::size_t i = of_targets.begin; weighted_ && i < of_targets.end; ++i) {
    const T weight = weights_[batch.odd][i] = static_cast<T>(data.weights[order[of_y.first + i]]);
    if (weight == 0 && !together_ && sparse_) sparse_->clear(batch, i);
    for (std::size_t p = 0; weight == 0 && !together_ && p < x.count(); ++p) {
      std::fill_n(x.at(i, p), x.width(p), T{0});
    }
  }
}

template <class T>
double sum_in_blocks(const T* values, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; i += kMostRows) {
    sum += static_cast<double>(kernels<T>().sum(values + i, std::min(kMostRows, n - i)));
  }
  return sum;
}

template <class T>
double Gathered<T>::total_weight(const Batch& batch) const {
  const std::size_t rows = own(batch).rows;
  return weighted_ ? sum_in_blocks(weights(batch), rows) : static_cast<double>(rows);
}

template <class T>
double Gathered<T>::total_weight(const DataSource<T>& data, const Batch& batch) const {
  if (!weighted_) return static_cast<double>(batch.rows);
  double sum = 0;
  for (std::size_t row = 0; row < batch.rows; row += kMostRows) {
    T some[kMostRows];
    const std::size_t n = std::min(kMostRows, batch.rows - row);
    for (std::size_t i = 0; i < n; ++i) {
      some[i] = static_cast<T>(data.weights[data.order[batch.first + row + i]]);
    }
    sum += static_cast<double>(kernels<T>().sum(some, n));
  }
  return sum;
}

template double sum_in_blocks(const float*, std::size_t);
template double sum_in_blocks(const double*, std::size_t);
template class Gathered<float>;
template class Gathered<double>;

}  // namespace fanin
