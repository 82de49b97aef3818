// The jobs of a batch norm over the rows of all ranks.
#pragma once

#include "plan/normalizer_across.hpp"

namespace fanin {

// Without effect unless the batch norm is synchronized
template <class T>
class JobsAcross final : public Work<T> {
 public:
  explicit JobsAcross(std::size_t columns)
      : moments_(following("moments", this, kMoments, columns)),
        sums_(following("batch norm sums", this, kSums, columns)) {}

  // `dz` is the gradient with respect to its output.
  void bind(const Normalizer<T>& of, T* dz) {
    of_ = of.across();
    dz_ = dz;
  }
  // What follows the job that computes its input, or the job that computes dz; then the phases up to
  // `normalize` or `backward`, which are these without ranks; `begins` if none computes its input
  const Job<T>* forward(Plan<T>& plan, const Job<T>& normalize, bool begins = false) const {
    if (of_ == nullptr) return &normalize;
    if (begins) plan.phase(moments_);
    plan.phase(add_moments_);
    plan.phase(normalize);
    return &moments_;
  }
  const Job<T>* first(const Job<T>& backward) const { return of_ != nullptr ? &sums_ : &backward; }
  void backward(Plan<T>& plan, const Job<T>& backward) const {
    if (of_ == nullptr) return;
    plan.phase(add_sums_);
    plan.phase(backward);
  }

  void run(int part, const StepOf<T>& step, Range columns, Range) const override {
    switch (part) {
      case kMoments:
        return of_->take_moments(step, columns);
      case kAddMoments:
        return of_->add_moments(step);
      case kSums:
        return of_->take_sums(step, dz_, columns);
      default:
        return of_->add_sums(step);
    }
  }

 private:
  enum Part { kMoments, kAddMoments, kSums, kAddSums };

  NormalizerAcross<T>* of_ = nullptr;
  T* dz_ = nullptr;
  Job<T> moments_, sums_;
  Job<T> add_moments_ = of_all_ranks(this, kAddMoments), add_sums_ = of_all_ranks(this, kAddSums);
};

}  // namespace fanin
