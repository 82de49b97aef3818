// A batch norm, inside a dense layer or as a separate layer: its parameters, its statistics, its part of a
// step.
#pragma once

#include "plan/node.hpp"

namespace fanin {

template <class T>
class Normalizer {
 public:
  Normalizer(const BatchNorm& chosen, std::size_t columns, Declarations<T>& declarations);
  Normalizer(const Normalizer&) = delete;
  Normalizer& operator=(const Normalizer&) = delete;

  const BatchNorm norm;
  const std::size_t columns, stage;
  const std::size_t shift, scale, mean, variance;  // offsets into parameters, and into statistics
  const bool synchronized;                         // over the rows of all ranks
  bool in_next = false;  // whether prediction folds it into the weights of the next dense layer

  // `u` is its input.
  void bind(const Value<T>& u, Carver<T>& memory, std::size_t rows);
  // a = f(v), v = gamma (u - mean) / sqrt(variance + epsilon) + beta; z, unless null, receives v
  void forward(const StepOf<T>& step, T* a, T* z, int activation, Range columns) const;
  // Replaces the gradient with respect to v, in dz, with the gradient with respect to u
  void backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range columns) const;

  // Over the rows of all ranks, `take_moments` of all columns comes before `forward`, and `take_sums` before
  // `backward`, each followed by one thread's `add_moments` or `add_sums`.
  void take_moments(const StepOf<T>& step, Range columns) const;
  void add_moments(const StepOf<T>& step) const;
  void take_sums(const StepOf<T>& step, T* dz, Range columns) const;
  void add_sums(const StepOf<T>& step) const;

  // Of the batch
  const T* dgamma() const { return dgamma_; }
  const T* dbeta() const { return dbeta_; }
  Panels<const T> seen(Batch batch) const { return read_only(u_->out(u_->own(batch))); }
  const T* offset() const { return offset_; }
  const T* batch_variance() const { return variance_; }

  void initialize(T* parameters) const;
  // gamma / sqrt(variance + epsilon) of the running statistics
  void scale_of_statistics(T* to, const T* parameters, const RunningStatistics<T>& statistics) const;

  // For prediction, folds the running statistics into the product before this batch norm, column by column,
  // or into the product after it, row by row; changes the weights and what is added to the product. In
  // `folded`, the factors replace gamma.
  void fold_into_columns(const Panels<T>& w, T* added, T* folded, const T* parameters,
                         const RunningStatistics<T>& statistics) const;
  void fold_into_rows(const Panels<T>& w, T* added, T* folded, const T* parameters,
                      const RunningStatistics<T>& statistics) const;

 private:
  BatchNormForward<T> moments_of(Panels<const T> u, std::size_t panel) const;
  BatchNormGradient<T> gradient_of(Panels<const T> u, Panels<T> dz, std::size_t panel) const;
  void forward_across(const StepOf<T>& step, T* a, T* z, int activation, Range panels) const;
  void backward_across(const StepOf<T>& step, T* dz, T* dz_transposed, Range panels) const;

  const Value<T>* u_ = nullptr;
  T *offset_ = nullptr, *variance_ = nullptr, *dgamma_ = nullptr, *dbeta_ = nullptr;
  // If it is synchronized: for each column, what kernels write, and the sums over ranks; for each block of 64
  // rows, what they merge
  T *mean_ = nullptr, *scale_ = nullptr, *slope_ = nullptr, *added_ = nullptr, *unit_ = nullptr,
    *product_ = nullptr, *blocks_ = nullptr, *more_blocks_ = nullptr;
  mutable std::vector<double> sums_, products_;
};

extern template class Normalizer<float>;
extern template class Normalizer<double>;

}  // namespace fanin
