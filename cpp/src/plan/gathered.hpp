// Where a step begins: batches gathered from the user's data.
#pragma once

#include "base/buffer.hpp"
#include "plan/plan.hpp"

namespace fanin {

// More rows than this are gone through in blocks, where nothing needs all of them at once. A multiple of the
// chunks of a sum over rows, so that blocks change no bit.
inline constexpr std::size_t kMostRows = 4096;

// The sum of many values is that of the sums of so many.
template <class T>
double sum_in_blocks(const T* values, std::size_t n);

// Rows of x, targets and sample weights in panels. Where no batch norm looks at the rows together, those of
// weight 0 come as zeros: what overflows on their way through the layers times a gradient of 0 is no number.
template <class T>
class Gathered final : public Work<T> {
 public:
  Gathered(std::size_t columns, std::size_t outputs, const Targets& y, bool weighted, bool together,
           std::size_t largest_batch);

  void bind(Carver<T>& memory, std::size_t rows);
  // Some rows of a batch; before, they may be asked for
  void ask_for(const DataSource& data, Batch batch, Range rows) const;
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;

  Panels<T> targets(Batch batch) const { return {targets_[batch.odd], batch.rows, target_columns_}; }
  const std::int32_t* labels(Batch batch) const {
    return target_columns_ == 0 ? labels_[batch.odd].data() : nullptr;
  }
  const T* weights(Batch batch) const { return weights_[batch.odd]; }  // null without
  // The sum of the weights of a batch, or the number of its rows, where it is gathered, and before it is
  double total_weight(const Batch& batch) const;
  double total_weight(const DataSource& data, const Batch& batch) const;

  Value<T> out;
  Job<T> job;

 private:
  std::size_t outputs_, target_columns_;  // 0 for labels
  bool weighted_, together_;
  T* targets_[2];
  T* weights_[2];
  Buffer<std::int32_t> labels_[2];
};

extern template class Gathered<float>;
extern template class Gathered<double>;

}  // namespace fanin
