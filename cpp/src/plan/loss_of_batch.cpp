#include "plan/loss_of_batch.hpp"

#include "base/registry.hpp"

namespace fanin {
namespace {

// The cost of an output, in flops of a product
constexpr double kLossFlops = 64;

}  // namespace

template <class T>
LossOfBatch<T>::LossOfBatch(const Gathered<T>& data, LossOf<T> loss, std::size_t outputs)
    : job{.name = "loss",
          .work = this,
          .part = 0,
          .columns = outputs,
          .column_unit = kAll,
          .row_unit = kPanel<T>,
          .cost = kLossFlops * static_cast<double>(outputs),
          .grain = Grain::whole_rows},
      data_(data),
      loss_(loss) {}

template <class T>
void LossOfBatch<T>::bind(Value<T>& in, Carver<T>& memory, std::size_t rows) {
  in_ = &in;
  row_loss_ = memory.take(rows);
}

template <class T>
void LossOfBatch<T>::run(int, const StepOf<T>& step, Range, Range rows) const {
  const Batch batch = step.batch;
  const auto panels = [&](T* data) { return in_->panels(data, batch); };
  kernels<T>().loss({row_loss_, nullptr, panels(in_->dz), in_->transposed(in_->dz_transposed, batch),
                     read_only(panels(in_->z)), read_only(panels(in_->a)), read_only(data_.targets(batch)),
                     data_.labels(batch), data_.weights(batch), step.scale, loss_, in_->activation},
                    rows);
  if (accepts_all_) return;
  const std::size_t count = rows.end - rows.begin;
  if (find_not_finite(row_loss_ + rows.begin, count) < count) {
    not_finite_.store(true, std::memory_order_relaxed);
  }
}

template class LossOfBatch<float>;
template class LossOfBatch<double>;

}  // namespace fanin
