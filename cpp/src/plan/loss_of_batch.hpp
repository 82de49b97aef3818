// Between forward and backward: the loss of the last node's output, and its gradient.
#pragma once

#include <atomic>

#include "data/loss.hpp"
#include "plan/gathered.hpp"

namespace fanin {

template <class T>
class LossOfBatch final : public Work<T> {
 public:
  LossOfBatch(const Gathered<T>& data, LossOf<T> loss, std::size_t outputs, bool by_sequence);

  void bind(Value<T>& in, Carver<T>& memory, std::size_t rows, bool curvature);
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;

  // Over all rows
  double sum(const Batch& batch) const { return sum_in_blocks(row_loss_, in_->own(batch).rows); }
  // Losses that are not finite are no failure from now on.
  void accept_all() { accepts_all_ = true; }
  bool failed() const { return not_finite_.load(std::memory_order_relaxed); }
  void fail() { not_finite_.store(true, std::memory_order_relaxed); }
  void restart() { not_finite_.store(false, std::memory_order_relaxed); }

  Job<T> job;
  // What curvature passes back: the tangent of the gradient; the second derivative of the loss times the
  // tangent of the output, or times its second derivative; and a seed of the Jacobian
  Job<T> tangent = variant("loss tangent", kTangent), product = variant("loss product", kProduct),
         acceleration = variant("loss acceleration", kAcceleration), seed = variant("seed", kSeed);
  Job<T> pass_seed{"pass seed", this, kPassSeed, job.columns, kPanel<T>, kAll, job.cost};

 private:
  enum Part { kLoss, kTangent, kProduct, kAcceleration, kSeed, kPassSeed };
  Job<T> variant(const char* name, Part part) const {
    Job<T> other = job;
    other.name = name;
    other.part = part;
    return other;
  }
  LossRows<T> rows_of_loss(const StepOf<T>& step) const;
  void curve(int part, const StepOf<T>& step, Range rows) const;
  void plant(const StepOf<T>& step, Range rows) const;

  const Gathered<T>& data_;
  const LossOf<T> loss_;
  const Value<T>* in_ = nullptr;
  T* row_loss_ = nullptr;
  T *probabilities_ = nullptr, *slopes_ = nullptr;  // for curvature: row-major, and dE/da of one output
  bool accepts_all_ = false;
  mutable std::atomic<bool> not_finite_{false};
};

extern template class LossOfBatch<float>;
extern template class LossOfBatch<double>;

}  // namespace fanin
