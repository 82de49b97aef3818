// The three products of a dense layer, unit by unit, each followed by a loop over the block in L1.
#pragma once

#include "coded_forward.hpp"
#include "dropout.hpp"
#include "erf.hpp"
#include "fanin/activations.hpp"
#include "tile.hpp"
#include "transpose.hpp"
#include "update.hpp"

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

// Transposes panel p of dz, at most a panel of samples from `row` on, unless the transpose is null
template <class T, class G>
FANIN_INLINE void transpose_rows(const G& g, std::size_t row, std::size_t count, std::size_t p) {
  constexpr std::size_t P = kPanel<T>;
  if (g.dz_transposed.data == nullptr) return;
  const std::size_t samples = g.dz_transposed.width(row / P);
  const T* const dz = g.dz.at(row, p);
  transpose(g.dz_transposed.at(p * P, row / P), samples, g.dz.used(p), dz, g.dz.width(p), count, samples);
}

// The same after dz = da f'(z); da may be dz
template <class T, class G>
FANIN_INLINE void differentiate_rows(const G& g, const T* da, std::size_t row, std::size_t count,
                                     std::size_t p) {
  const auto differentiate = find_differentiate<T>(Activations{}, g.activation);
  differentiate(g.dz.at(row, p), da, g.z.data != nullptr ? g.z.at(row, p) : nullptr, g.a.at(row, p),
                count * g.dz.width(p));
  transpose_rows<T>(g, row, count, p);
}

// Outermost first: a group of panels of w, a chunk of depth, blocks of rows, the panels of the group. Each
// chunk of w is thus read from memory once and used by all rows from L2; sums so far wait in `a`.
template <class T>
void forward(const Forward<T>& f, Range panels, Range rows) {
  const auto activate = find_activate<T>(Activations{}, f.activation);
  alignas(64) T constant[kPanel<T>];
  for_each_group(panels, kPanelGroup, [&](std::size_t first_panel, std::size_t end_panel) {
    for_each_chunk<T>(f.x.columns, [&](Range chunk) {
      for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        const AcrossPanels<T> x{f.x, row};
        const std::size_t count = end_row - row;
        product_of_panels(x, count, chunk, f.w, f.a, {first_panel, end_panel}, row);
        if (chunk.end < f.x.columns) return;
        for (std::size_t p = first_panel; p < end_panel; ++p) {
          const T* const bias = add_codes_to_panel(f, p, row, count, constant);
          activate(f.a.at(row, p), f.z.data != nullptr ? f.z.at(row, p) : nullptr, bias, count, f.a.width(p),
                   f.a.used(p));
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
  alignas(64) T w[P / 2 * P];
  const std::size_t units = g.w.columns;
  for (std::size_t q = rows.begin / P; q * P < rows.end; ++q) {
    const std::size_t inputs = g.dz.used(q), step = g.dz.width(q);
    transpose(w, P, units, g.w.at(q * P, 0), g.w.width(0), inputs, step);
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t first = p * P, samples = g.dz.rows - first < P ? g.dz.rows - first : P;
      T* const dz = g.dz.at(first, q);
      product_block(AcrossPanels<T>{g.dy, first}, samples, {0, units}, Strip<const T>{w, P, 0}, step,
                    Strip<T>{dz, step, 0}, false);
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
      for_each_chunk<T>(g.w.columns, [&](Range chunk) {
        for (std::size_t p = first_panel; p < end_panel; ++p) {
          const std::size_t width = g.dy_transposed.width(p);
          product_block(AcrossPanels<T>{g.w, row}, end_row - row, chunk,
                        strip_of(g.dy_transposed, chunk.begin, p), width,
                        Strip<T>{blocks[p - first_panel], width, 0}, chunk.begin > 0);
        }
      });
      for (std::size_t p = first_panel; p < end_panel; ++p) {
        finish_input_gradient(g, blocks[p - first_panel], p, row, end_row);
      }
    });
  });
}

// If the whole gradient is needed, stores or accumulates it; otherwise updates its run of parameters at once
// and prefetches those `next` elements later.
template <class T>
FANIN_INLINE void apply(const WeightGradient<T>& g, const T* values, std::size_t first, std::size_t n,
                        std::size_t next = 0) {
  if (g.gradient == nullptr) {
    Update<T> update = g.update;
    update.next = next;
    return find_update<T>(Rules{}, update.rule)(update, values, first, n);
  }
  T* stored = g.gradient + first;
  if (g.into == Into::alone || g.into == Into::continued) {
    __builtin_memcpy(stored, values, n * sizeof(T));
  } else {
    add_weighted(stored, g.into == Into::first_of_sum ? nullptr : stored, values, g.batch_weight, n);
  }
}

// The same for rows of w in panel p
template <class T>
void apply_to_rows(const WeightGradient<T>& g, const T* block, std::size_t first, std::size_t rows,
                   std::size_t p, std::size_t next) {
  const std::size_t width = g.dz.width(p);
  const bool packs =
      g.gradient == nullptr && g.dz.used(p) <= kPacked && g.update.averaging.average == nullptr;
  if (packs) return update_packed(g.update, block, first, rows, width, g.dz.used(p));
  apply(g, block, first, rows * width, next);
}

// Up to this many columns of dz become the rows of a separate product, dz' x, that is then transposed:
// otherwise most of what is multiplied would be padding. With so few samples, transposing costs more.
inline constexpr std::size_t kNarrow = 4, kFewSamples = 8;

// dw of at most 64 inputs, starting at `row`, and of panel p of dz, which is half as wide; added to the sums
// in `block`
template <class T>
void narrow_weight_gradient(const WeightGradient<T>& g, std::size_t p, std::size_t row, std::size_t end_row,
                            T* block) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t units = g.dz.used(p);
  const bool continued = g.into == Into::continued;
  alignas(64) T turned[kNarrow * P];
  for (std::size_t q = row / P; q * P < end_row; ++q) {
    T* const of_q = block + (q * P - row) * P / 2;
    for (std::size_t i = 0; continued && i < units * P; ++i) {
      turned[i] = i % P < g.x.used(q) ? of_q[i % P * (P / 2) + i / P] : T{0};
    }
    for_each_chunk<T>(g.x.rows, [&](Range chunk) {
      product_block(DownRows<T>{g.dz.at(0, p), P / 2}, units, chunk, strip_of(g.x, chunk.begin, q),
                    g.x.width(q), Strip<T>{turned, P, 0}, continued || chunk.begin > 0);
    });
    transpose(of_q, P / 2, g.x.used(q), turned, P, units, P / 2);
  }
}

// dw of at most 64 inputs, starting at `row`, and of panel p of dz, for a single sample
template <class T>
void outer_product(const WeightGradient<T>& g, std::size_t p, std::size_t row, std::size_t end_row,
                   T* block) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t width = g.dz.width(p);
  for (std::size_t i = row; i < end_row; ++i, block += width) {
    const Vec<T> x(g.x.at(0, i / P)[i % P]);
    for (std::size_t column = 0; column < width; column += Vec<T>::width) {
      fma(x, Vec<T>::load(g.dz.at(0, p) + column), Vec<T>(0.0)).store(block + column);
    }
  }
}

// Outermost first: a group of panels of x, panels of dz, blocks of 64 inputs. The group stays in L2 for all
// of dz.
template <class T>
void weight_gradient(const WeightGradient<T>& g, Range panels, Range rows) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T block[kRowBlock * P];
  const bool continued = g.into == Into::continued;
  for_each_group(rows, kPanelGroup * P, [&](std::size_t group_row, std::size_t group_end) {
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t width = g.dz.width(p), panel_offset = g.weight_offset + p * g.weight_rows * P;
      for_each_group({group_row, group_end}, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        const std::size_t n = (end_row - row) * width;
        if (continued) __builtin_memcpy(block, g.gradient + panel_offset + row * width, n * sizeof(T));
        const bool single = g.x.rows == 1 && !continued;
        const bool narrow = g.dz.used(p) <= kNarrow && g.x.rows > kFewSamples;
        if (single) outer_product(g, p, row, end_row, block);
        if (narrow) narrow_weight_gradient(g, p, row, end_row, block);
        for (std::size_t q = row / P; !single && !narrow && q * P < end_row; ++q) {
          const DownRows<T> x{g.x.at(0, q), g.x.width(q)};
          for_each_chunk<T>(g.x.rows, [&](Range chunk) {
            product_block(x, g.x.used(q), chunk, strip_of(g.dz, chunk.begin, p), width,
                          Strip<T>{block + (q * P - row) * width, width, 0}, continued || chunk.begin > 0);
          });
        }
        // the product of the next block hides the latency of loading its weights and slots
        const std::size_t next = end_row < group_end ? n : g.weight_rows * P - (row - group_row) * P;
        apply_to_rows(g, block, panel_offset + row * width, end_row - row, p, next);
      });
    }
  });
}

// The sum of the rows of panel p, added to `before` unless that is null
template <class T>
void sum_of_rows(const Panels<const T>& dz, std::size_t p, const T* before, T* sums) {
  const std::size_t width = dz.width(p), n = dz.rows * width;
  const T* const rows = dz.at(0, p);
  for (std::size_t column = 0; column < width; column += Vec<T>::width) {
    Vec<T> sum = before != nullptr ? Vec<T>::load(before + column) : Vec<T>(0.0);
    for (std::size_t begin = 0; begin < n; begin += kDepth<T> * width) {
      const std::size_t end = n - begin < kDepth<T> * width ? n : begin + kDepth<T> * width;
      Vec<T> chain(0.0);
      for (std::size_t i = begin; i < end; i += width) chain = chain + Vec<T>::load(rows + i + column);
      sum = begin == 0 && before == nullptr ? chain : sum + chain;
    }
    sum.store(sums + column);
  }
}

template <class T>
void bias_gradient(const WeightGradient<T>& g, Range panels) {
  alignas(64) T sums[kPanel<T>];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = g.dz.width(p);
    if (g.dbeta != nullptr) {
      apply(g, g.dgamma + p * kPanel<T>, g.gamma_offset + p * kPanel<T>, width);
      apply(g, g.dbeta + p * kPanel<T>, g.bias_offset + p * kPanel<T>, width);
      continue;
    }
    const bool continued = g.into == Into::continued;
    sum_of_rows(g.dz, p, continued ? g.gradient + g.bias_offset + p * kPanel<T> : nullptr, sums);
    apply(g, sums, g.bias_offset + p * kPanel<T>, width);
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
