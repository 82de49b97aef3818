// A batch norm, inside a dense layer or as a separate layer: its parameters, its statistics, its part of a
// step.
#pragma once

#include <memory>

#include "plan/node.hpp"

namespace fanin {

template <class T>
class NormalizerAcross;

template <class T>
class Normalizer {
 public:
  Normalizer(const BatchNorm& chosen, std::size_t columns, Declarations<T>& declarations);
  ~Normalizer();
  Normalizer(const Normalizer&) = delete;
  Normalizer& operator=(const Normalizer&) = delete;

  const BatchNorm norm;
  const std::size_t columns, stage;
  const std::size_t shift, scale, mean, variance;  // offsets into parameters, and into statistics
  bool in_next = false;  // whether prediction folds it into the weights of the next dense layer

  // `u` is its input.
  void bind(const Value<T>& u, Carver<T>& memory, std::size_t rows);
  // a = f(v), v = gamma (u - mean) / sqrt(variance + epsilon) + beta; z, unless null, receives v
  void forward(const StepOf<T>& step, T* a, T* z, int activation, Range columns) const;
  // Replaces the gradient with respect to v, in dz, with the gradient with respect to u
  void backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range columns) const;

  // What both need before if it normalizes over the rows of all ranks; else null
  NormalizerAcross<T>* across() const { return across_.get(); }

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
  friend class NormalizerAcross<T>;

  const Value<T>* u_ = nullptr;
  T *offset_ = nullptr, *variance_ = nullptr, *dgamma_ = nullptr, *dbeta_ = nullptr;
  std::unique_ptr<NormalizerAcross<T>> across_;
};

extern template class Normalizer<float>;
extern template class Normalizer<double>;

}  // namespace fanin
