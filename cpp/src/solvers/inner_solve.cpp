#include "solvers/inner_solve.hpp"

#include <algorithm>
#include <cmath>

#include "base/dot.hpp"
#include "solvers/line_search.hpp"

namespace fanin {

template <class T>
InnerSolve<T>::InnerSolve(CurvedFunction<T>& f, std::span<const T> g, double lambda, std::vector<T> d)
    : f_(f),
      g_(g),
      lambda_(lambda),
      d_(std::move(d)),
      residual_(g.begin(), g.end()),
      scaled_(g.size()),
      p_(g.size()),
      product_(g.size()),
      scale_(g.size()) {
  f_.squares(product_);
  for (std::size_t i = 0; i < scale_.size(); ++i) {  // (squares + lambda)^0.75
    const double root = std::sqrt(static_cast<double>(product_[i]) + lambda);
    scale_[i] = root * std::sqrt(root);
  }
  if (largest_size<T>(d_) != 0) {
    damped_product(d_);
    add_scaled<T>(residual_, 1, product_, residual_);
    q_ = (dot<T>(d_, residual_) + dot<T>(d_, g_)) / 2;
  }
  precondition();
  for (std::size_t i = 0; i < p_.size(); ++i) p_[i] = -scaled_[i];
}

template <class T>
void InnerSolve<T>::damped_product(std::span<const T> v) {
  f_.product(v, product_);
  add_scaled<T>(product_, lambda_, v, product_);
}

template <class T>
void InnerSolve<T>::precondition() {
  for (std::size_t i = 0; i < scaled_.size(); ++i) {
    scaled_[i] = static_cast<T>(static_cast<double>(residual_[i]) / scale_[i]);
  }
  length_ = dot<T>(residual_, scaled_);
}

template <class T>
bool InnerSolve<T>::step() {
  damped_product(p_);
  const double curvature = dot<T>(p_, product_), before = length_, share = before / curvature;
  if (!(curvature > 0 && share > 0 && std::isfinite(share))) return false;
  add_scaled<T>(d_, share, p_, d_);
  add_scaled<T>(residual_, share, product_, residual_);
  precondition();
  const T beta = static_cast<T>(length_ / before);
  for (std::size_t i = 0; i < p_.size(); ++i) p_[i] = beta * p_[i] - scaled_[i];
  q_ = (dot<T>(d_, residual_) + dot<T>(d_, g_)) / 2;
  return std::isfinite(q_);
}

template class InnerSolve<float>;
template class InnerSolve<double>;

}  // namespace fanin
