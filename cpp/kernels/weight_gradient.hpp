// The gradient of a dense layer's weights and biases, unit by unit, followed by the update of the block in
// L1.
#pragma once

#include "tile.hpp"
#include "transpose.hpp"
#include "update.hpp"

namespace fanin::FANIN_ISA {
namespace {

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
    for_each_chunk(g.x.rows, kRowDepth<T>, [&](Range chunk) {
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

// The same for wider panels of dz. A chunk of dz and that of each panel of x stay in L1.
template <class T>
void weight_gradient_block(const WeightGradient<T>& g, std::size_t p, std::size_t row, std::size_t end_row,
                           T* block) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t width = g.dz.width(p);
  for_each_chunk(g.x.rows, kRowDepth<T>, [&](Range chunk) {
    for (std::size_t q = row / P; q * P < end_row; ++q) {
      product_block(DownRows<T>{g.x.at(0, q), g.x.width(q)}, g.x.used(q), chunk,
                    strip_of(g.dz, chunk.begin, p), width, Strip<T>{block + (q * P - row) * width, width, 0},
                    g.into == Into::continued || chunk.begin > 0);
    }
  });
}

// Outermost first: a group of panels of x, panels of dz, blocks of 64 inputs. The group stays in L2 for all
// of dz: the more samples, the fewer its panels.
template <class T>
void weight_gradient(const WeightGradient<T>& g, Range panels, Range rows) {
  constexpr std::size_t P = kPanel<T>;
  alignas(64) T block[kRowBlock * P];
  const bool continued = g.into == Into::continued;
  const std::size_t in_l2 = kPanelGroup / (g.x.rows / kDepth<T> + 1) * P;
  const std::size_t group = in_l2 < kRowBlock ? kRowBlock : in_l2;
  for_each_group(rows, group, [&](std::size_t group_row, std::size_t group_end) {
    for (std::size_t p = panels.begin; p < panels.end; ++p) {
      const std::size_t width = g.dz.width(p), panel_offset = g.weight_offset + p * g.weight_rows * P;
      for_each_group({group_row, group_end}, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        const std::size_t n = (end_row - row) * width;
        if (continued) __builtin_memcpy(block, g.gradient + panel_offset + row * width, n * sizeof(T));
        const bool single = g.x.rows == 1 && !continued;
        const bool narrow = g.dz.used(p) <= kNarrow && g.x.rows > kFewSamples;
        if (single) outer_product(g, p, row, end_row, block);
        if (narrow) narrow_weight_gradient(g, p, row, end_row, block);
        if (!single && !narrow) weight_gradient_block(g, p, row, end_row, block);
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
    for (std::size_t begin = 0; begin < n; begin += kRowDepth<T> * width) {
      const std::size_t end = n - begin < kRowDepth<T> * width ? n : begin + kRowDepth<T> * width;
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
