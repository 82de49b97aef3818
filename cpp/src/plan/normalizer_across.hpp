// What a batch norm over the rows of all ranks has besides.
#pragma once

#include <vector>

#include "plan/normalizer.hpp"

namespace fanin {

// Each rank takes the moments of its rows, which are merged by sums over the ranks; in the backward pass, the
// sums in the gradient with respect to u (batch_norm_backward.hpp) are.
template <class T>
class NormalizerAcross {
 public:
  explicit NormalizerAcross(const Normalizer<T>& of) : of_(of), sums_(of.columns), products_(of.columns) {}

  void bind(Carver<T>& memory, std::size_t rows);

  // `take_moments` of all columns comes before `forward`, and `take_sums` before `backward`, each followed by
  // one thread's `add_moments` or `add_sums`.
  void take_moments(const StepOf<T>& step, Range columns) const;
  void add_moments(const StepOf<T>& step);
  void forward(const StepOf<T>& step, T* a, T* z, int activation, Range panels) const;
  void take_sums(const StepOf<T>& step, T* dz, Range columns) const;
  void add_sums(const StepOf<T>& step);
  void backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range panels) const;

 private:
  BatchNormForward<T> moments_of(Panels<const T> u, std::size_t panel) const;
  BatchNormGradient<T> gradient_of(Panels<const T> u, Panels<T> dz, std::size_t panel) const;

  const Normalizer<T>& of_;
  // Of each column, what kernels write; of each block of 64 rows, what they merge
  T *mean_ = nullptr, *scale_ = nullptr, *slope_ = nullptr, *added_ = nullptr, *unit_ = nullptr,
    *product_ = nullptr, *blocks_ = nullptr, *more_blocks_ = nullptr;
  std::vector<double> sums_, products_;  // over ranks, of each column
};

}  // namespace fanin
