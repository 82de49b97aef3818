// Weights of a first layer that sparse rows, or whole numbers, meet row by row.
#pragma once

#include <algorithm>

#include "base/registry.hpp"
#include "plan/node.hpp"
#include "plan/sparse_input.hpp"

namespace fanin {

// What comes before the product, and the gradient of the weights, followed by their update
template <class T>
class SparseWeights final : Work<T> {
 public:
  // The weights (input->weights(), units) at `offset` in the buffer, and the gradient of the products, a row
  // for each sum
  void bind(const SparseInput<T>* input, std::size_t offset, std::size_t units, T* dz) {
    input_ = input;
    if (input == nullptr) return;
    offset_ = offset;
    units_ = units;
    dz_ = dz;
    clear_.columns = units;
    meet_.cost = kMeetFlops * input->entries_of_row() + flops();
    gradient_.cost = 2 * flops();
  }
  bool exist() const { return input_ != nullptr; }
  // Of the product for a row, in flops that take as long as reading rows of weights anywhere in memory
  double flops() const { return kReadFlops * input_->entries_of_row() * static_cast<double>(units_); }
  SparseBatch<T> of(Batch batch) const { return input_->of(batch); }

  void meet(Plan<T>& plan) const {
    plan.later(clear_);
    plan.phase(meet_);
  }
  void backward(Plan<T>& plan) const { plan.later(gradient_); }

 private:
  static constexpr std::size_t kBuckets = SparseGroups<T>::kBuckets;
  static constexpr double kReadFlops = 16, kMeetFlops = 256;
  enum Part { kMeet, kClear, kGradient };

  void run(int part, const StepOf<T>& step, Range columns, Range) const override {
    part == kMeet    ? run_meet(step, columns)
    : part == kClear ? run_clear(step, panels_of<T>(columns))
                     : run_gradient(step, columns);
  }

  // Groups the entries of a batch, and brings the rows that it meets up to date
  void run_meet(const StepOf<T>& step, Range buckets) const {
    input_->group(step.batch, buckets);
    if (step.rows.lazy != nullptr) step.rows.lazy->catch_up(input_->groups(), buckets);
  }
  // Where a whole gradient begins: that of rows that no batch meets is 0
  void run_clear(const StepOf<T>& step, Range panels) const {
    const Into into = step.sink.into;
    if (step.sink.whole == nullptr || (into != Into::alone && into != Into::first_of_sum)) return;
    const Panels<T> gradient{step.sink.whole + offset_, input_->weights(), units_};
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      std::fill_n(gradient.at(0, p), gradient.rows * gradient.width(p), T{0});
    }
  }
  void run_gradient(const StepOf<T>& step, Range buckets) const {
    const std::size_t sums = step.batch.rows * input_->sums();
    WeightGradient<T> of{step.sink.whole, *step.update,       offset_,
                         offset_,         {nullptr, sums, 0}, {dz_, sums, units_}};
    of.into = step.sink.into;
    of.batch_weight = step.sink.batch_weight;
    of.weight_rows = input_->weights();
    const RowUpdate<T>& rows = step.rows;
    kernels<T>().sparse_gradient({of, input_->groups(), rows.factors, rows.factor}, buckets);
    if (rows.lazy != nullptr && of.gradient == nullptr) {
      rows.lazy->mark(of.update, input_->groups(), buckets);
    }
  }

  const SparseInput<T>* input_ = nullptr;
  std::size_t offset_ = 0, units_ = 0;
  T* dz_ = nullptr;
  Job<T> meet_{"rows", this, kMeet, kBuckets, 1, kAll, 0};
  Job<T> clear_{"clear", this, kClear, 0, kPanel<T>, kAll, 0};
  Job<T> gradient_{"rows of weights", this, kGradient, kBuckets, 1, kAll, 0};
};

}  // namespace fanin
