// Weights of a first layer that sparse rows, or whole numbers, meet row by row.
#pragma once

#include <algorithm>

#include "base/registry.hpp"
#include "plan/node.hpp"
#include "plan/sparse_input.hpp"

namespace fanin {

template <class T>
class SparseWeights {
 public:
  SparseWeights(const Work<T>* work, int meet, int clear, int gradient)
      : meet_{"rows", work, meet, kBuckets, 1, kAll, 0},
        clear_{"clear", work, clear, 0, kPanel<T>, kAll, 0},
        gradient_{"rows of weights", work, gradient, kBuckets, 1, kAll, 0} {}

  void bind(const SparseInput<T>* input, std::size_t offset, std::size_t units) {
    input_ = input;
    if (input == nullptr) return;
    offset_ = offset;
    units_ = units;
    clear_.columns = units;
    meet_.cost = kMeetFlops * input->entries_of_row() + flops();
    gradient_.cost = 2 * flops();
  }
  bool exist() const { return input_ != nullptr; }
  // Of the product for a row, in flops that take as long as reading rows of weights anywhere in memory
  double flops() const { return kReadFlops * input_->entries_of_row() * static_cast<double>(units_); }

  // What comes before the product, and the gradient
  void meet(Plan<T>& plan) {
    plan.later(clear_);
    plan.phase(meet_);
  }
  void backward(Plan<T>& plan) { plan.later(gradient_); }

  // Groups the entries of a batch, and brings the rows that it meets up to date
  void run_meet(const StepOf<T>& step, Range buckets) const {
    input_->group(step.batch, buckets);
    if (step.rows.lazy != nullptr) step.rows.lazy->catch_up(input_->groups(), buckets);
  }
  // If a whole gradient begins: that of rows that no batch meets is 0
  void run_clear(const StepOf<T>& step, Range columns) const {
    if (step.sink.whole == nullptr || (step.sink.into != Into::alone && step.sink.into != Into::first_of_sum))
      return;
    const Panels<T> gradient{step.sink.whole + offset_, input_->weights(), units_};
    const Range panels = panels_of<T>(columns);
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      std::fill_n(gradient.at(0, p), gradient.rows * gradient.width(p), T{0});
    }
  }
  void run_gradient(const WeightGradient<T>& of, const StepOf<T>& step, Range buckets) const {
    const RowUpdate<T>& rows = step.rows;
    kernels<T>().sparse_gradient({of, input_->groups(), rows.factors, rows.factor}, buckets);
    if (rows.lazy != nullptr && of.gradient == nullptr) rows.lazy->mark(of.update, input_->groups(), buckets);
  }
  SparseBatch<T> of(Batch batch) const { return input_->of(batch); }
  std::size_t sums() const { return input_->sums(); }

 private:
  static constexpr std::size_t kBuckets = SparseGroups<T>::kBuckets;
  static constexpr double kReadFlops = 16, kMeetFlops = 256;

  const SparseInput<T>* input_ = nullptr;
  std::size_t offset_ = 0, units_ = 0;
  Job<T> meet_, clear_, gradient_;
};

}  // namespace fanin
