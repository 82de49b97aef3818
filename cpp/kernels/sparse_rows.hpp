// Sparse rows in a dense layer: what they add to its product, the gradient of the rows of w that they meet,
// followed by their update, and the steps that these rows have missed.
//
// The sums are those of the dense product without the terms that are 0: chains of fused multiply-adds,
// restarted at the same depths and rows of the batch.
#pragma once

#include "coded_forward.hpp"
#include "weight_gradient.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Rows of w ahead that are prefetched: they are anywhere in memory.
inline constexpr std::size_t kRowsAhead = 48;

template <class T>
FANIN_INLINE void prefetch_row(const T* row, std::size_t width, bool writes) {
  constexpr std::size_t line = 64 / sizeof(T);
  for (std::size_t i = 0; i < width; i += line) {
    writes ? __builtin_prefetch(row + i, 1, 2) : __builtin_prefetch(row + i, 0, 2);
  }
}

// z += the entries of rows [row, row + count) of panel p, times w
template <int Vectors, class T>
void add_sparse(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const SparseBatch<T>& x = f.sparse;
  const T* const w = f.w.at(0, p);
  const std::size_t last = x.ends[row + count - 1];
  for_each_row<Vectors>(f.a.at(row, p), count, [&](std::size_t i, auto& total) {
    const std::size_t end = x.ends[row + i];
    for (std::size_t k = x.starts[row + i]; k < end;) {
      const std::size_t chunk = x.columns[k] / kDepth<T>;
      Vec<T> sum[Vectors];
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) sum[j] = Vec<T>(0.0);
      for (; k < end && x.columns[k] / kDepth<T> == chunk; ++k) {
        if (k + kRowsAhead < last) prefetch_row(w + x.columns[k + kRowsAhead] * step, step, false);
        const Vec<T> value(x.values[k]);
        const T* const of_w = w + x.columns[k] * step;
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; ++j) {
          sum[j] = fma(value, Vec<T>::load(of_w + j * Vec<T>::width), sum[j]);
        }
      }
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) total[j] = total[j] + sum[j];
    }
  });
}

template <class T>
void add_sparse_to_panel(const Forward<T>& f, std::size_t p, std::size_t row, std::size_t count) {
  with_vectors<T>(f.a.width(p), [&]<int Vectors>() { add_sparse<Vectors>(f, p, row, count); });
}

// The gradient of one row of panel p, which `before` begins
template <int Vectors, class T>
FANIN_INLINE void gradient_of_row(const SparseGradient<T>& g, std::size_t group, const T* dz, const T* before,
                                  T* out) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const SparseGroups<T>& of = g.groups;
  Vec<T> total[Vectors];
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j) {
    total[j] = before != nullptr ? Vec<T>::load(before + j * Vec<T>::width) : Vec<T>(0.0);
  }
  const std::size_t end = of.ends[group];
  for (std::size_t k = of.begins[group]; k < end;) {
    const std::size_t chunk = of.rows[k] / kRowDepth<T>;
    Vec<T> sum[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j] = Vec<T>(0.0);
    for (; k < end && of.rows[k] / kRowDepth<T> == chunk; ++k) {
      const Vec<T> value(of.values[k]);
      const T* const row = dz + of.rows[k] * step;
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) sum[j] = fma(value, Vec<T>::load(row + j * Vec<T>::width), sum[j]);
    }
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) total[j] = total[j] + sum[j];
  }
  const Vec<T> factor(g.factors != nullptr ? g.factor * g.factors[end - of.begins[group]] : T{1});
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j) (factor * total[j]).store(out + j * Vec<T>::width);
}

// Rows of an array next to each other: weights, slots and averages of at most 64 rows, of which the first
// `columns` are copied
template <class T>
struct PackedRows {
  static constexpr std::size_t kMost = kRowBlock * kPanel<T>, kArrays = 2 + most_slots(Rules{});
  alignas(64) T memory[kArrays * kMost];

  // f(place in `memory`, array) for the weights, each slot, and the average
  template <class F>
  static FANIN_INLINE void for_each_array(const Update<T>& u, F&& f) {
    f(std::size_t{0}, u.parameters);
    for (int s = 0; s < u.slot_count; ++s) {
      const auto slot = static_cast<std::size_t>(s);
      f((1 + slot) * kMost, u.slots + slot * u.slot_stride);
    }
    if (u.averaging.average != nullptr) f((kArrays - 1) * kMost, u.averaging.average);
  }
};

template <class T>
FANIN_INLINE void copy_row(T* to, const T* from, std::size_t n) {
  if (n % Vec<T>::width != 0) {
    for (std::size_t j = 0; j < n; ++j) to[j] = from[j];
    return;
  }
  for (std::size_t j = 0; j < n; j += Vec<T>::width) Vec<T>::load(from + j).store(to + j);
}

// Updates the rows `columns` of w in panel p, by their gradients, which are `width` apart
template <class T>
void update_rows(const WeightGradient<T>& g, const std::uint32_t* columns, std::size_t count, std::size_t p,
                 T* block) {
  const std::size_t width = g.dz.width(p), used = g.dz.used(p), first = g.weight_offset,
                    panel = first + p * g.weight_rows * kPanel<T>;
  const std::size_t copied = used <= kPacked ? used : width;
  PackedRows<T> packed;
  for (std::size_t i = 0; copied < width && i < count; ++i) {
    copy_row(block + i * copied, block + i * width, copied);
  }
  packed.for_each_array(g.update, [&](std::size_t place, const T* array) {
    T* const to = packed.memory + place;
    for (std::size_t i = 0; i < count; ++i) {
      copy_row(to + i * copied, array + panel + columns[i] * width, copied);
    }
  });
  Update<T> update = g.update;
  update.parameters = packed.memory - first;
  update.slots = packed.memory + PackedRows<T>::kMost - first;
  update.slot_stride = PackedRows<T>::kMost;
  update.next = 0;
  if (update.averaging.average != nullptr) {
    update.averaging.average = packed.memory + (PackedRows<T>::kArrays - 1) * PackedRows<T>::kMost - first;
  }
  find_update<T>(Rules{}, update.rule)(update, block, first, count * copied);
  packed.for_each_array(g.update, [&](std::size_t place, T* array) {
    const T* const from = packed.memory + place;
    for (std::size_t i = 0; i < count; ++i) {
      copy_row(array + panel + columns[i] * width, from + i * copied, copied);
    }
  });
}

template <class T>
void sparse_gradient(const SparseGradient<T>& g, Range buckets) {
  alignas(64) T block[kRowBlock * kPanel<T>];
  const WeightGradient<T>& of = g.of;
  const bool continued = of.into == Into::continued;
  for (std::size_t b = buckets.begin; b < buckets.end; ++b) {
    const std::size_t first = g.groups.first[b];
    for_each_group({first, first + g.groups.counts[b]}, kRowBlock, [&](std::size_t group, std::size_t end) {
      const std::uint32_t* const columns = g.groups.columns + group;
      for (std::size_t p = 0; p < of.dz.count(); ++p) {
        const std::size_t width = of.dz.width(p), panel = of.weight_offset + p * of.weight_rows * kPanel<T>;
        with_vectors<T>(width, [&]<int Vectors>() {
          for (std::size_t i = 0; i < end - group; ++i) {
            if (of.gradient == nullptr) {
              PackedRows<T>::for_each_array(of.update, [&](std::size_t, const T* array) {
                prefetch_row(array + panel + columns[i] * width, width, true);
              });
            }
            const T* const before = continued ? of.gradient + panel + columns[i] * width : nullptr;
            gradient_of_row<Vectors>(g, group + i, of.dz.at(0, p), before, block + i * width);
          }
        });
        if (of.gradient == nullptr) {
          update_rows(of, columns, end - group, p, block);
          continue;
        }
        for (std::size_t i = 0; i < end - group; ++i) {
          apply(of, block + i * width, panel + columns[i] * width, width);
        }
      }
    });
  }
}

// e[0] + e[1] x + ...
template <class T>
FANIN_INLINE Vec<T> polynomial(const T (&terms)[Missed<T>::kTerms], Vec<T> x) {
  Vec<T> sum(terms[Missed<T>::kTerms - 1]);
#pragma GCC unroll 8
  for (int i = Missed<T>::kTerms - 2; i >= 0; --i) sum = fma(sum, x, Vec<T>(terms[i]));
  return sum;
}

// Makes up for the steps that row `row` of w has missed
template <class T>
void catch_up(const MissedBy<T>& by, const Missed<T>& missed, std::size_t row) {
  using V = Vec<T>;
  for (std::size_t p = 0; p < by.weights.count(); ++p) {
    const std::size_t first = static_cast<std::size_t>(by.weights.at(row, p) - by.weights.data);
    for (std::size_t i = first; i < first + by.weights.width(p); i += V::width) {
      T* const weights = by.weights.data + i;
      const auto slot = [&](int place) {
        return by.slots + static_cast<std::size_t>(place) * by.slot_stride + i;
      };
      const V w = V::load(weights), moved_by = by.moved_by < 0 ? V(0.0) : V::load(slot(by.moved_by));
      V inverse(1.0), share(0.0);
      if (by.divided_by >= 0) {
        const V of_slot = V::load(slot(by.divided_by)), root = by.root ? sqrt(of_slot) : of_slot;
        inverse = ratio(V(1.0), fma(V(missed.scale), root, V(missed.epsilon)));
        share = V(missed.epsilon) * inverse;
      }
      const V part = moved_by * inverse;
      if (by.average != nullptr) {
        const V a = fma(V(missed.average), V::load(by.average + i), V(missed.average_weight) * w);
        const V moved =
            fma(part, polynomial(missed.average_series, share), V(missed.average_plain) * moved_by);
        flush(a + moved).store(by.average + i);
      }
      const V moved = fma(part, polynomial(missed.series, share), V(missed.plain) * moved_by);
      flush(fma(V(missed.weight), w, moved)).store(weights);
      for (int s = 0; s < by.slot_count; ++s) {
        flush(V(missed.keep[s]) * V::load(slot(s))).store(slot(s));
      }
    }
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
