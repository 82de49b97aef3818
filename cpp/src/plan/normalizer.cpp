#include "plan/normalizer.hpp"

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {

template <class T>
Normalizer<T>::Normalizer(const BatchNorm& chosen, std::size_t of_columns, Declarations<T>& declarations)
    : norm(chosen),
      columns(of_columns),
      stage(declarations.stages),
      shift(declarations.add(Role::shift, 1, columns)),
      scale(declarations.add(Role::scale, 1, columns)),
      mean(declarations.add(Role::mean, 1, columns)),
      variance(declarations.add(Role::variance, 1, columns)) {
  declarations.normalizers.push_back(this);
}

template <class T>
void Normalizer<T>::bind(const Value<T>& u, Carver<T>& memory) {
  u_ = &u;
  for (T** row : {&offset_, &variance_, &dgamma_, &dbeta_}) *row = memory.matrix(1, columns);
}

template <class T>
void Normalizer<T>::forward(const StepOf<T>& step, T* a, T* z, int activation, Range of_columns) const {
  kernels<T>().normalize_layer(
      {u_->panels(a, step.batch), u_->panels(z, step.batch), seen(step.batch), offset_, variance_,
       step.parameters + scale, step.parameters + shift, static_cast<T>(norm.epsilon), activation},
      panels_of<T>(of_columns));
}

template <class T>
void Normalizer<T>::backward(const StepOf<T>& step, T* dz, T* dz_transposed, Range of_columns) const {
  kernels<T>().normalize_layer_backward(
      {u_->panels(dz, step.batch), u_->transposed(dz_transposed, step.batch), dgamma_, dbeta_,
       seen(step.batch), offset_, variance_, step.parameters + scale, static_cast<T>(norm.epsilon)},
      panels_of<T>(of_columns));
}

template <class T>
void Normalizer<T>::initialize(T* parameters) const {
  std::fill_n(parameters + scale, columns, T{1});
}

template <class T>
void Normalizer<T>::scale_of_averages(T* to, const T* parameters, const Averages<T>& averages) const {
  kernels<T>().batch_norm_scale(to, parameters + scale, averages.variance(*this),
                                static_cast<T>(norm.epsilon), rounded<T>(columns));
}

template class Normalizer<float>;
template class Normalizer<double>;

}  // namespace fanin
