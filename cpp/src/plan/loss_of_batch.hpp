// Between forward and backward: the loss of the last node's output, and its gradient.
#pragma once

#include <atomic>

#include "data/loss.hpp"
#include "plan/gathered.hpp"

namespace fanin {

template <class T>
class LossOfBatch final : public Work<T> {
 public:
  LossOfBatch(const Gathered<T>& data, LossOf<T> loss, std::size_t outputs);

  void bind(Value<T>& in, Carver<T>& memory, std::size_t rows);
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;

  // Over all rows
  double sum(const Batch& batch) const { return sum_in_blocks(row_loss_, batch.rows); }
  // Losses that are not finite are no failure from now on.
  void accept_all() { accepts_all_ = true; }
  bool failed() const { return not_finite_.load(std::memory_order_relaxed); }
  void restart() { not_finite_.store(false, std::memory_order_relaxed); }

  Job<T> job;

 private:
  const Gathered<T>& data_;
  const LossOf<T> loss_;
  const Value<T>* in_ = nullptr;
  T* row_loss_ = nullptr;
  bool accepts_all_ = false;
  mutable std::atomic<bool> not_finite_{false};
};

extern template class LossOfBatch<float>;
extern template class LossOfBatch<double>;

}  // namespace fanin
