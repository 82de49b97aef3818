// A batch norm, of a layer or by itself: its parameters, its place among the averages, its part of a step.
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
  const std::size_t shift, scale, mean, variance;  // offsets: of parameters, and of statistics
  bool in_next = false;  // in prediction it is in the weights of the dense layer after it

  // `u` is what it normalizes.
  void bind(const Value<T>& u, Carver<T>& memory);
  // a = f(v), v = gamma (u - mean) / sqrt(variance + epsilon) + beta; z, where it is there, gets v
  void forward(const StepOf<T>& step, T* a, T* z, int activation, Range columns) const;
  // From the gradient with respect to v, in dz, to the one with respect to u, in its place
  void backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range columns) const;

  // of the batch
  const T* dgamma() const { return dgamma_; }
  const T* dbeta() const { return dbeta_; }
  Panels<const T> seen(Batch batch) const { return read_only(u_->out(batch)); }
  const T* offset() const { return offset_; }
  const T* batch_variance() const { return variance_; }

  void initialize(T* parameters) const;
  // gamma / sqrt(variance + epsilon) of the averages
  void scale_of_averages(T* to, const T* parameters, const Averages<T>& averages) const;

  // The averages folded, for prediction, into what is multiplied before, column by column, or after, row by
  // row; both weights and what is added to the product are changed. The scales go where gamma lies in
  // `folded`.
  void fold_into_columns(const Panels<T>& w, T* added, T* folded, const T* parameters,
                         const Averages<T>& averages) const;
  void fold_into_rows(const Panels<T>& w, T* added, T* folded, const T* parameters,
                      const Averages<T>& averages) const;

 private:
  const Value<T>* u_ = nullptr;
  T *offset_ = nullptr, *variance_ = nullptr, *dgamma_ = nullptr, *dbeta_ = nullptr;
};

extern template class Normalizer<float>;
extern template class Normalizer<double>;

}  // namespace fanin
