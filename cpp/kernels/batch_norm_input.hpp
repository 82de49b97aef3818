// The last pass of the backward pass of batch normalization, which writes the gradient of its input.
#pragma once

#include "moments.hpp"
#include "stream.hpp"
#include "units.hpp"

namespace fanin::FANIN_ISA {
namespace {

// dx = dy scale + (x - s) slope + added; with units, x and s are multiplied by the unit, and so is the result
template <class T>
struct InputOfNorm {
  T* dx;
  std::ptrdiff_t dx_stride;
  const T* dy;
  std::ptrdiff_t dy_stride;
  const T* x;
  std::ptrdiff_t x_stride;
  const T *s, *scale, *slope, *added;
  const T* unit;
  bool around_caches = false;
};

// As many as leave registers for four constants of each column
inline constexpr int kVectorsOfInput = kVectorsSideBySide / 2;

// A few columns at a time, as in normalize_columns
template <class T>
void input_of_columns(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  for_each_columns<T, kVectorsOfInput>({0, columns}, [&](std::size_t j, auto vectors, auto lanes) {
    constexpr int N = decltype(vectors)::count;
    Vec<T> s[N], scale[N], slope[N], added[N];
    load_vectors(s, g.s + j, lanes);
    load_vectors(scale, g.scale + j, lanes);
    load_vectors(slope, g.slope + j, lanes);
    load_vectors(added, g.added + j, lanes);
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      const auto i = static_cast<std::ptrdiff_t>(row);
      const T *const x = g.x + i * g.x_stride + j, *const dy = g.dy + i * g.dy_stride + j;
      T* const dx = g.dx + i * g.dx_stride + j;
#pragma GCC unroll 16
      for (std::size_t v = 0; v < N; ++v) {
        const Vec<T> d = lanes.load(x + v * Vec<T>::width) - s[v];
        const Vec<T> of_dy = fma(lanes.load(dy + v * Vec<T>::width), scale[v], added[v]);
        lanes.store(flush(fma(d, slope[v], of_dy)), dx + v * Vec<T>::width);
      }
    }
  });
}

template <class T>
void input_of_rows(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  const T *const s = g.s, *const scale = g.scale, *const slope = g.slope, *const added = g.added;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    const T *const x = g.x + i * g.x_stride, *const dy = g.dy + i * g.dy_stride;
    T* const dx = g.dx + i * g.dx_stride;
    write_each(dx, columns, g.around_caches, [=](std::size_t j, auto lanes) {
      const Vec<T> d = lanes.load(x + j) - lanes.load(s + j);
      const Vec<T> of_dy = fma(lanes.load(dy + j), lanes.load(scale + j), lanes.load(added + j));
      return flush(fma(d, lanes.load(slope + j), of_dy));
    });
  }
  if (g.around_caches) finish_stores_around_caches();
}

template <class T>
void input_in_units(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row);
    const T *const x = g.x + i * g.x_stride, *const dy = g.dy + i * g.dy_stride;
    T* const dx = g.dx + i * g.dx_stride;
    for_each<T>(columns, [&](std::size_t j, auto lanes) {
      const Vec<T> unit = lanes.load(g.unit + j), d = lanes.load(x + j) * unit - lanes.load(g.s + j) * unit;
      const Vec<T> of_dy = fma(lanes.load(dy + j), lanes.load(g.scale + j), lanes.load(g.added + j));
      lanes.store(flush(fma(d, lanes.load(g.slope + j), of_dy) * unit), dx + j);
    });
  }
}

template <class T>
void input_of_norm(const InputOfNorm<T>& g, Range rows, std::size_t columns) {
  if (g.unit != nullptr && any_units(g.unit, columns)) return input_in_units(g, rows, columns);
  if (kGoesDown<T, kVectorsOfInput> && held_by_l2<T>(rows.end - rows.begin, columns)) {
    input_of_columns(g, rows, columns);
  } else {
    input_of_rows(g, rows, columns);
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
