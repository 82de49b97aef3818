// Second derivatives of an objective.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/panel_rows.hpp"
#include "data/checks.hpp"
#include "fanin/error.hpp"
#include "plan/step_curvature.hpp"
#include "train/layers_of_solvers.hpp"
#include "train/objective_state.hpp"

namespace fanin {
namespace {

constexpr std::size_t kKept = 256UL << 20;  // bytes of values and gradients that are kept

template <class T>
void check_sizes(std::span<const T> w, std::span<const T> v, std::span<T> to, std::size_t n) {
  check_size("w", w, n);
  check_size("v", v, n);
  check_size("to", to, n);
}

}  // namespace

// All rows at a time, if they fit
template <class T>
Step<T>& Objective<T>::State::curvature() {
  if (sequences) throw ValueError("network: expected no recurrent layers for second derivatives");
  if (of_curvature != nullptr) return *of_curvature;
  check_fixed(layers, nodes.has_batch_norm(),
              nodes.has_batch_norm()
                  ? "it combines the rows; frozen_batch_norm takes its statistics as constants"
                  : "a second derivative is that of a function of the weights alone");
  check_curved(layers, "for Jacobians and second derivatives");
  std::unique_ptr<Step<T>> made = make_step(true, kMostRows);
  if (order.size() > kMostRows && order.size() <= kKept / sizeof(T) / made->elements_of_row()) {
    made = make_step(true, order.size());
  }
  product_of = Buffer<T>(nodes.table.size);
  of_curvature = std::move(made);
  return *of_curvature;
}

template <class T>
CurvatureAt<T> Objective<T>::State::at(const DataSource<T>& source, std::span<const T> w,
                                       std::span<const T> v) {
  const bool same = seen.size() == w.size() && std::memcmp(seen.data(), w.data(), w.size_bytes()) == 0;
  if (!same) seen.assign(w.begin(), w.end());
  set(there, w);
  if (!v.empty()) set(direction, v);
  const bool same_rows = std::exchange(all_rows, true);
  return {source, all(), there.data(), direction.data(), same, same_rows};
}

template <class T>
void Objective<T>::State::forget_place() {
  seen.clear();
  all_rows = false;
}

// `to` from f(step, member, at, its buffer)
template <class T>
template <class F>
void Objective<T>::State::product(std::span<const T> w, std::span<const T> v, std::span<T> to, F&& f) {
  const std::lock_guard<std::mutex> lock(calls);
  Step<T>& some = curvature();
  const DataSource<T> source = data();
  const CurvatureAt<T> place = at(source, w, v);
  if (!call(some, [&](Member member) { return f(some, member, place, product_of.data()); })) {
    return fill_with_nan(to);
  }
  get(to, product_of);
}

// The same as mean_loss, in the memory of second derivatives
template <class T>
double Objective<T>::State::evaluate(std::span<const T> w, std::span<T> gradient) {
  const std::lock_guard<std::mutex> lock(calls);
  Step<T>& some = curvature();
  const DataSource<T> source = data();
  const CurvatureAt<T> place = at(source, w, {});
  T* const to = gradient.empty() ? nullptr : product_of.data();
  if (!call(some, [&](Member member) { return some.evaluate(member, place, to); })) {
    fill_with_nan(gradient);
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (!gradient.empty()) get(gradient, product_of);
  return some.batch_loss() / some.batch_weight();
}

template <class T>
void Objective<T>::hessian_product(std::span<const T> w, std::span<const T> v, std::span<T> to) const {
  check_sizes(w, v, to, size());
  state_->product(w, v, to, [](Step<T>& step, Member member, const CurvatureAt<T>& at, T* result) {
    return step.hessian_product(member, at, result);
  });
  state_->add_pull(v, to);
}

template <class T>
void Objective<T>::gauss_newton_product(std::span<const T> w, std::span<const T> v, std::span<T> to) const {
  check_sizes(w, v, to, size());
  state_->product(w, v, to, [](Step<T>& step, Member member, const CurvatureAt<T>& at, T* result) {
    return step.gauss_newton_product(member, at, result);
  });
  state_->add_pull(v, to);
}

template <class T>
void Objective<T>::acceleration(std::span<const T> w, std::span<const T> v, std::span<T> to) const {
  check_sizes(w, v, to, size());
  state_->product(w, v, to, [](Step<T>& step, Member member, const CurvatureAt<T>& at, T* result) {
    return step.acceleration(member, at, result);
  });
}

// Gradients of the mean are those of a sample over the number of samples.
template <class T>
void Objective<T>::squares(std::span<const T> w, std::span<T> to) const {
  check_size("w", w, size());
  check_size("to", to, size());
  state_->check_dense("squares of gradients");
  state_->product(w, {}, to, [](Step<T>& step, Member member, const CurvatureAt<T>& at, T* result) {
    return step.squares(member, at, result);
  });
  for (T& square : to) square *= static_cast<T>(rows());
}

#define FANIN_INSTANTIATE(T)                                                                               \
  template Step<T>& Objective<T>::State::curvature();                                                      \
  template CurvatureAt<T> Objective<T>::State::at(const DataSource<T>&, std::span<const T>,                \
                                                  std::span<const T>);                                     \
  template void Objective<T>::State::forget_place();                                                       \
  template double Objective<T>::State::evaluate(std::span<const T>, std::span<T>);                         \
  template void Objective<T>::hessian_product(std::span<const T>, std::span<const T>, std::span<T>) const; \
  template void Objective<T>::gauss_newton_product(std::span<const T>, std::span<const T>, std::span<T>)   \
      const;                                                                                               \
  template void Objective<T>::acceleration(std::span<const T>, std::span<const T>, std::span<T>) const;    \
  template void Objective<T>::squares(std::span<const T>, std::span<T>) const;
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
