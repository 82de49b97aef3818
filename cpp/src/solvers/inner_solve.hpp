// Preconditioned conjugate gradients for (G + lambda I) d = -g.
#pragma once

#include <vector>

#include "fanin/minimize.hpp"

namespace fanin {

template <class T>
class InnerSolve {
 public:
  // At the x of the last gradient g of f, from d
  InnerSolve(CurvedFunction<T>& f, std::span<const T> g, double lambda, std::vector<T> d);

  // False if it cannot get further
  bool step();
  const std::vector<T>& d() const { return d_; }
  // g'd + d'(G + lambda I) d / 2
  double q() const { return q_; }

 private:
  void damped_product(std::span<const T> v);
  void precondition();

  CurvedFunction<T>& f_;
  const std::span<const T> g_;
  const double lambda_;
  std::vector<T> d_, residual_, scaled_, p_, product_;
  std::vector<double> scale_;
  double length_ = 0;  // residual' scaled
  double q_ = 0;
};

}  // namespace fanin
