// Runs the loss kernel on panels, with and without the gradient.
#pragma once

#include <doctest/doctest.h>

#include <cstring>

#include "base/registry.hpp"
#include "data/loss.hpp"
#include "fanin/activations.hpp"
#include "fanin/losses.hpp"
#include "support.hpp"

namespace fanin::test {

template <class T>
struct LossResult {
  Matrix<T> dz, dz_transposed;
  std::vector<T> loss, score;
};

// The gradient is scaled by 1/2. Losses have the same bits whether or not the gradient is requested.
template <class T>
LossResult<T> run_loss(const Matrix<T>& a, const Matrix<T>& y, const std::int32_t* labels, const Loss& loss,
                       std::size_t rows, std::size_t units, const T* weights = nullptr) {
  LossResult<T> r{{rows, units}, {units, rows}, std::vector<T>(rows), std::vector<T>(rows)};
  r.dz.poison();
  r.dz_transposed.poison();
  const LossForKernels<T> of(loss, units);
  LossRows<T> l{r.loss.data(),
                nullptr,
                r.dz.panels(),
                r.dz_transposed.panels(),
                {},
                a.view(),
                y.view(),
                labels,
                weights,
                T{0.5},
                of.get(),
                static_cast<int>(activation<Identity>)};
  kernels<T>().loss(l, {0, rows});
  const std::vector<T> with_gradient = r.loss;
  l.dz.data = l.dz_transposed.data = nullptr;
  l.row_score = r.score.data();
  kernels<T>().loss(l, {0, rows});
  CHECK(std::memcmp(with_gradient.data(), r.loss.data(), rows * sizeof(T)) == 0);
  return r;
}

}  // namespace fanin::test
