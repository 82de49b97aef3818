// The forward product of a dense layer, and its input gradient, unit by unit, each followed by a loop over
// the block in L1.
#pragma once

#include "coded_forward.hpp"
#include "dropout.hpp"
#include "erf.hpp"
#include "fanin/activations.hpp"
#include "sparse_rows.hpp"
#include "tile.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

// a = f(z + bias) on rows of one panel, `step` apart, of which `used` columns are not padding; `stored`,
// unless null, receives z + bias
template <class A, class T>
void activate_block(T* block, T* stored, const T* bias, std::size_t rows, std::size_t step,
                    std::size_t used) {
  for (std::size_t column = 0; column < padded<T>(used); column += Vec<T>::width) {
    const std::size_t left = used > column ? used - column : 0;
    const auto mask = first_lanes<T>(static_cast<int>(left));
    const Vec<T> b = bias != nullptr ? load_at_most(bias + column, left) : Vec<T>(0.0);
    for (std::size_t i = column; i < rows * step; i += step) {
      const Vec<T> z = Vec<T>::load(block + i) + b;
      if constexpr (A::needs_input) {
        if (stored != nullptr) flush(z).store(stored + i);
      }
      select(mask, flush(A::value(z)), Vec<T>(0.0)).store(block + i);
    }
  }
}

// dz = da f'(z) on n elements; z is read only if the derivative needs it. dz may be da.
template <class A, class T>
void differentiate_run(T* dz, const T* da, const T* z, const T* a, std::size_t n) {
  for (std::size_t i = 0; i < n; i += Vec<T>::width) {
    const Vec<T> input = A::needs_input ? Vec<T>::load(z + i) : Vec<T>(0.0);
    flush(A::backward(Vec<T>::load(da + i), input, Vec<T>::load(a + i))).store(dz + i);
  }
}

// dz += factor rz da f''(z) on n elements
template <class A, class T>
void bend_run(T* dz, T factor, const T* rz, const T* da, const T* z, const T* a, std::size_t n) {
  if constexpr (A::bends) {
    for (std::size_t i = 0; i < n; i += Vec<T>::width) {
      const Vec<T> input = A::needs_input ? Vec<T>::load(z + i) : Vec<T>(0.0);
      const Vec<T> second = A::second(Vec<T>::load(da + i) * Vec<T>(factor), input, Vec<T>::load(a + i));
      flush(fma(second, Vec<T>::load(rz + i), Vec<T>::load(dz + i))).store(dz + i);
    }
  }
}

template <class T, class... A>
auto find_activate(List<A...>, int activation) {
  static constexpr void (*functions[])(T*, T*, const T*, std::size_t, std::size_t,
                                       std::size_t) = {activate_block<A, T>...};
  return functions[activation];
}

template <class T, class... A>
auto find_differentiate(List<A...>, int activation) {
  static constexpr void (*functions[])(T*, const T*, const T*, const T*,
                                       std::size_t) = {differentiate_run<A, T>...};
  return functions[activation];
}

template <class T, class... A>
auto find_bend(List<A...>, int activation) {
  static constexpr void (*functions[])(T*, T, const T*, const T*, const T*, const T*,
                                       std::size_t) = {bend_run<A, T>...};
  return functions[activation];
}

template <class T>
void differentiate(int activation, T* dz, const T* da, const T* z, const T* a, std::size_t n) {
  find_differentiate<T>(Activations{}, activation)(dz, da, z, a, n);
}

template <class T>
void bend(int activation, T* dz, T factor, const T* rz, const T* da, const T* z, const T* a, std::size_t n) {
  find_bend<T>(Activations{}, activation)(dz, factor, rz, da, z, a, n);
}

// Transposes panel p of dz, at most a panel of samples from `row` on, unless the transpose is null
template <class T, class G>
FANIN_INLINE void transpose_rows(const G& g, std::size_t row, std::size_t count, std::size_t p) {
  constexpr std::size_t P = kPanel<T>;
  if (g.dz_transposed.data == nullptr) return;
  const std::size_t samples = g.dz_transposed.width(row / P);
  const T* const dz = g.dz.at(row, p);
  transpose(g.dz_transposed.at(p * P, row / P), samples, g.dz.used(p), dz, g.dz.width(p), count, samples);
}

// The same after dz = da f'(z), and what bends; da may be dz
template <class T, class G>
FANIN_INLINE void differentiate_rows(const G& g, const T* da, std::size_t row, std::size_t count,
                                     std::size_t p) {
  const std::size_t n = count * g.dz.width(p);
  const T *const z = g.z.data != nullptr ? g.z.at(row, p) : nullptr, *const a = g.a.at(row, p);
  if (g.kept.data != nullptr) __builtin_memcpy(g.kept.at(row, p), da, n * sizeof(T));
  differentiate(g.activation, g.dz.at(row, p), da, z, a, n);
  if (g.bend.rz.data != nullptr) {
    bend(g.activation, g.dz.at(row, p), T{1}, g.bend.rz.at(row, p), g.bend.da.at(row, p), z, a, n);
  }
  transpose_rows<T>(g, row, count, p);
}

// Outermost first: the panels, a few blocks of rows. The dense columns are few.
template <class T>
void forward_by_rows(const Forward<T>& f, Range panels, Range rows) {
  const auto activate = find_activate<T>(Activations{}, f.activation);
  alignas(64) T constant[kPanel<T>];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    constant_of_panel(f, p, constant);
    for_each_group(rows, kCodedRows, [&](std::size_t first, std::size_t end) {
      for_each_group({first, end}, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        for_each_chunk(f.x.columns, kDepth<T>, [&](Range chunk) {
          product_of_panels(AcrossPanels<T>{f.x, row}, end_row - row, chunk, f.w, f.a, {p, p + 1}, row);
        });
      });
      if (f.codes.count > 0) add_codes_to_panel(f, p, first, end - first);
      if (f.sparse.starts != nullptr) add_sparse_to_panel(f, p, first, end - first);
      activate(f.a.at(first, p), f.z.data != nullptr ? f.z.at(first, p) : nullptr, constant, end - first,
               f.a.width(p), f.a.used(p));
    });
  }
}

// Outermost first: a group of panels of w, a chunk of depth, blocks of rows, the panels of the group. Each
// chunk of w is thus read from memory once and used by all rows from L2; sums so far wait in `a`.
template <class T>
void forward(const Forward<T>& f, Range panels, Range rows) {
  if (f.codes.count > 0 || f.sparse.starts != nullptr) return forward_by_rows(f, panels, rows);
  const auto activate = find_activate<T>(Activations{}, f.activation);
  for_each_group(panels, kPanelGroup, [&](std::size_t first_panel, std::size_t end_panel) {
    for_each_chunk(f.x.columns, kDepth<T>, [&](Range chunk) {
      for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        const AcrossPanels<T> x{f.x, row};
        const std::size_t count = end_row - row;
        product_of_panels(x, count, chunk, f.w, f.a, {first_panel, end_panel}, row, f.onto);
        if (chunk.end < f.x.columns) return;
        for (std::size_t p = first_panel; p < end_panel; ++p) {
          activate(f.a.at(row, p), f.z.data != nullptr ? f.z.at(row, p) : nullptr,
                   f.bias != nullptr ? f.bias + p * kPanel<T> : nullptr, count, f.a.width(p), f.a.used(p));
        }
      });
    });
  });
}

// After the product for 64 inputs and one panel of samples: the block of the transposed gradient is
// transposed panel by panel, multiplied by the derivative, stored, and transposed back for the layer before.
template <class T>
void finish_input_gradient(const InputGradient<T>& g, const T* block, std::size_t p, std::size_t row,
                           std::size_t end_row) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T turned[P * P];
  const std::size_t width = g.dy_transposed.width(p), samples = g.dy_transposed.used(p), first = p * P;
  for (std::size_t q = row / P; q * P < end_row; ++q) {
    const std::size_t inputs = g.dz.used(q), step = g.dz.width(q);
    transpose(turned, step, width, block + (q * P - row) * width, width, inputs, step);
    mask_rows(turned, g.mask, g.mask.at(first, q, g.dz.rows), samples, step);
    differentiate_rows<T>(g, turned, first, samples, q);
  }
}

// The same for few units: dy times a transposed panel of w, so that the product needs no transposing
template <class T>
void input_gradient_of_few_units(const InputGradient<T>& g, Range panels, Range rows) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T w[P / 2 * P], w2[P / 2 * P];
  const std::size_t units = g.w.columns;
  for (std::size_t q = rows.begin / P; q * P < rows.end; ++q) {
    const std::size_t inputs = g.dz.used(q), step = g.dz.width(q);
    transpose(w, P, units, g.w.at(q * P, 0), g.w.width(0), inputs, step);
    if (g.w2.data != nullptr) transpose(w2, P, units, g.w2.at(q * P, 0), g.w2.width(0), inputs, step);
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t first = p * P, samples = g.dz.rows - first < P ? g.dz.rows - first : P;
      T* const dz = g.dz.at(first, q);
      product_block(AcrossPanels<T>{g.dy, first}, samples, {0, units}, Strip<const T>{w, P, 0}, step,
                    Strip<T>{dz, step, 0}, false);
      if (g.w2.data != nullptr) {
        product_block(AcrossPanels<T>{g.dy2, first}, samples, {0, units}, Strip<const T>{w2, P, 0}, step,
                      Strip<T>{dz, step, 0}, true);
      }
      mask_rows(dz, g.mask, g.mask.at(first, q, g.dz.rows), samples, step);
      differentiate_rows<T>(g, dz, first, samples, q);
    }
  }
}

// Outermost first: blocks of rows of w, a group of panels of samples, a chunk of depth, the panels. w, the
// larger operand, is thus read from memory once.
template <class T>
void input_gradient(const InputGradient<T>& g, Range panels, Range rows) {
  if (few_units<T>(g.w.columns)) return input_gradient_of_few_units(g, panels, rows);
  alignas(64) T blocks[kPanelGroup][kRowBlock * kPanel<T>];
  for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end_row) {
    for_each_group(panels, kPanelGroup, [&](std::size_t first_panel, std::size_t end_panel) {
      const auto multiply = [&](const Panels<const T>& w, const Panels<const T>& dy_transposed, bool onto) {
        for_each_chunk(w.columns, kDepth<T>, [&](Range chunk) {
          for (std::size_t p = first_panel; p < end_panel; ++p) {
            const std::size_t width = dy_transposed.width(p);
            product_block(AcrossPanels<T>{w, row}, end_row - row, chunk,
                          strip_of(dy_transposed, chunk.begin, p), width,
                          Strip<T>{blocks[p - first_panel], width, 0}, onto || chunk.begin > 0);
          }
        });
      };
      multiply(g.w, g.dy_transposed, false);
      if (g.w2.data != nullptr) multiply(g.w2, g.dy2_transposed, true);
      for (std::size_t p = first_panel; p < end_panel; ++p) {
        finish_input_gradient(g, blocks[p - first_panel], p, row, end_row);
      }
    });
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
