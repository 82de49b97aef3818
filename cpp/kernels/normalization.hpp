// What the kernels of batch norm take.
#pragma once

#include "panels.hpp"

namespace fanin {

// y = (x - centre) scale + added, column by column, with x and centre multiplied by `unit` unless it is null;
// y may bypass the caches
template <class T>
struct Normalization {
  T* y;
  std::ptrdiff_t y_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  const T *centre, *scale, *added;
  const T* unit = nullptr;
  bool around_caches = false;
};

// Batch norm of users' matrices with contiguous rows. Writes mean, variance and offset, the mean of x minus
// its first row. Each block of 64 rows writes its moments as one row, to be merged in order; scale, added and
// unit are the factors of y = (x - first row) unit scale + added.
template <class T>
struct BatchNormForward {
  const T* x;
  std::ptrdiff_t x_stride;
  std::size_t rows, columns;
  T *mean, *variance, *offset;
  const T *gamma, *beta;
  T epsilon;
  T *block_means, *block_squares;
  T *scale, *added, *unit;
};

// dx, dgamma and dbeta from dy and from what the batch norm of x wrote. Each block of 64 rows writes its sums
// of dy and of dy (x - mean) as one row; dx = (dy scale + (x - first row) unit slope + added) unit.
template <class T>
struct BatchNormGradient {
  T* dx;
  std::ptrdiff_t dx_stride;
  T *dgamma, *dbeta;
  const T* dy;
  std::ptrdiff_t dy_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  std::size_t rows, columns;
  const T *variance, *offset, *gamma;
  T epsilon;
  T *block_dy, *block_products;
  T *product, *scale, *slope, *added, *unit;
  bool around_caches;
};

// a = f(v), v = gamma (u - mean) / sqrt(variance + epsilon) + beta, (rows, n) like u, the products of a
// layer; z, unless null, receives v for the activation's derivative. Writes offset and variance, as above.
template <class T>
struct NormalizedLayer {
  Panels<T> a, z;
  Panels<const T> u;
  T *offset, *variance;
  const T *gamma, *beta;
  T epsilon;
  int activation;
};

// Replaces the gradient with respect to v, in dz, with the gradient with respect to u, and writes its
// transpose (which may be null), dgamma and dbeta.
template <class T>
struct NormalizedGradient {
  Panels<T> dz, dz_transposed;
  T *dgamma, *dbeta;
  Panels<const T> u;
  const T *offset, *variance, *gamma;
  T epsilon;
};

}  // namespace fanin
