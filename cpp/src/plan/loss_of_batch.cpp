#include "plan/loss_of_batch.hpp"

#include <algorithm>
#include <cmath>

#include "base/registry.hpp"

namespace fanin {
namespace {

// The cost of an output, in flops of a product
constexpr double kLossFlops = 64;

}  // namespace

template <class T>
LossOfBatch<T>::LossOfBatch(const Gathered<T>& data, LossOf<T> loss, std::size_t outputs, bool by_sequence)
    : job{.name = "loss",
          .work = this,
          .part = 0,
          .columns = outputs,
          .column_unit = kAll,
          .row_unit = kPanel<T>,
          .cost = kLossFlops * static_cast<double>(outputs),
          .grain = Grain::whole_rows},
      data_(data),
      loss_(loss) {
  this->of_sequences = by_sequence;
}

template <class T>
void LossOfBatch<T>::bind(Value<T>& in, Carver<T>& memory, std::size_t rows, bool curvature) {
  in_ = &in;
  row_loss_ = memory.take(rows);
  if (!curvature) return;
  probabilities_ = memory.take(rows * in.columns);
  slopes_ = memory.take(rows);
}

template <class T>
LossRows<T> LossOfBatch<T>::rows_of_loss(const StepOf<T>& step) const {
  const Batch batch = step.batch;
  const auto panels = [&](T* data) { return in_->panels(data, batch); };
  return {row_loss_,
          nullptr,
          panels(in_->dz),
          in_->transposed(in_->dz_transposed, batch),
          read_only(panels(in_->z)),
          read_only(panels(in_->a)),
          read_only(data_.targets(batch)),
          data_.labels(batch),
          data_.weights(batch),
          step.scale,
          loss_,
          in_->activation,
          panels(in_->da)};
}

template <class T>
void LossOfBatch<T>::curve(int part, const StepOf<T>& step, Range rows) const {
  const Batch batch = step.batch;
  LossRows<T> of = rows_of_loss(step);
  of.kept = {};
  if (part == kAcceleration) of.scale *= 2;  // rdz is half of the second derivative
  if (part == kTangent) {
    of.dz = in_->panels(in_->rdz, batch);
    of.dz_transposed = in_->transposed(in_->rdz_transposed, batch);
    of.bend = bend_of(*in_, batch);
  }
  kernels<T>().loss_curvature({of, read_only(in_->panels(part == kAcceleration ? in_->rdz : in_->ra, batch))},
                              rows);
}

// Column k of the identity; or of L with L L' = the second derivative of the loss (times weight and scale):
// for softmax sqrt(p_k) (e_k - p), else e_k times the root. It waits in rdz.
template <class T>
void LossOfBatch<T>::plant(const StepOf<T>& step, Range rows) const {
  const Batch batch = step.batch;
  const Panels<T> to = in_->panels(in_->rdz, batch);
  const std::size_t k = step.seed.output;
  const auto element = [&](std::size_t row, std::size_t column) -> T& {
    return to.at(row, column / kPanel<T>)[column % kPanel<T>];
  };
  LossRows<T> of = rows_of_loss(step);
  of.dz = to;
  of.dz_transposed = of.kept = {};
  of.activation = static_cast<int>(activation<Identity>);
  if (step.seed.root) kernels<T>().loss(of, rows);
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    slopes_[i] = element(i, k);
    for (std::size_t p = 0; p < to.count(); ++p) std::fill_n(to.at(i, p), to.width(p), T{0});
    element(i, k) = 1;
  }
  if (!step.seed.root) return;
  const bool softmax = loss_.place == index_in<SoftmaxCrossEntropy, Losses>;
  if (softmax) {
    T* const first = probabilities_ + rows.begin * to.columns;
    kernels<T>().outputs(loss_.place, first, to.columns, read_only(in_->out(batch)), rows);
  } else {
    kernels<T>().loss_curvature({of, read_only(to)}, rows);
  }
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const T* const p = probabilities_ + i * to.columns;
    const T weight = step.scale * (data_.weights(batch) != nullptr ? data_.weights(batch)[i] : T{1});
    const T root = std::sqrt(softmax ? p[k] * weight : element(i, k));
    for (std::size_t j = 0; softmax && j < to.columns; ++j) element(i, j) = root * (element(i, j) - p[j]);
    if (!softmax) element(i, k) = root;
    if (step.seed.e == nullptr) continue;
    step.seed.e[(batch.row + i) * to.columns + k] = root > 0 ? slopes_[i] / root : T{0};
  }
}

template <class T>
void LossOfBatch<T>::run(int part, const StepOf<T>& step, Range columns, Range rows) const {
  if (part == kSeed) return plant(step, rows);
  if (part == kPassSeed) {
    const Panels<const T> seed = read_only(in_->panels(in_->rdz, step.batch));
    return kernels<T>().pass_gradient(gradient_through(*in_, step.batch, seed), panels_of<T>(columns));
  }
  if (part != kLoss) return curve(part, step, rows);
  kernels<T>().loss(rows_of_loss(step), rows);
  if (accepts_all_) return;
  const std::size_t count = rows.end - rows.begin;
  if (find_not_finite(row_loss_ + rows.begin, count) < count) {
    not_finite_.store(true, std::memory_order_relaxed);
  }
}

template class LossOfBatch<float>;
template class LossOfBatch<double>;

}  // namespace fanin
