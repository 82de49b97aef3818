// The gradient of the weights that coded columns meet, and the table of their sums, column by column: one
// descending pass over the bins forms a block of the gradient in L1, the update follows, and a second pass
// writes the table, so that each weight is read and written once.
//
// With g the rows of dz, G_t and H_t the sums of g and f g over the rows in bin t, and m the centre:
//   piecewise: dV_t = H_t + sum over s > t of G_s - m_t sum of all g
//   level:     dV_t = G_t - m_t sum of all g
#pragma once

#include "coded_forward.hpp"
#include "weight_gradient.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Sums of a column of one panel so far: of dz over the bins that are done, and over all rows
template <int Vectors, class T>
struct SumsOfRows {
  Vec<T> after[Vectors], all[Vectors];
};

// The gradient of some bins of a column, into `block`
template <int Vectors, class T>
FANIN_INLINE void gradient_of_bins(const CodedGradient<T>& g, std::size_t c, Range bins, const T* dz,
                                   T* block, SumsOfRows<Vectors, T>& sums) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const CodedPlace& place = g.codes.places[c];
  const std::uint32_t *const starts = g.starts + place.table + c, *const rows = g.rows + c * g.codes.stride;
  const T *const fractions = g.fractions + c * g.codes.stride, *const centre = g.centre + place.weights;
  const typename Vec<T>::Bits adds = first_lanes<T>(place.piecewise ? Vec<T>::width : 0);
  for (std::size_t t = bins.end; t-- > bins.begin;) {
    Vec<T> sum[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) sum[j] = select(adds, sums.after[j], Vec<T>(0.0));
    for (std::size_t i = starts[t]; i < starts[t + 1]; ++i) {
      const T* const row = dz + rows[i] * step;
      const Vec<T> fraction(fractions[i]);
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) {
        const Vec<T> gradient = Vec<T>::load(row + j * Vec<T>::width);
        sum[j] = fma(fraction, gradient, sum[j]);
        sums.after[j] = sums.after[j] + gradient;
      }
    }
    const Vec<T> mean(-static_cast<double>(centre[t]));
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      flush(fma(mean, sums.all[j], sum[j])).store(block + (t - bins.begin) * step + j * Vec<T>::width);
    }
  }
}

// Sums of a column's weights in one panel so far: the last row of the table, and the centre times weights
template <int Vectors, class T>
struct SumsOfWeights {
  Vec<T> row[Vectors], centre[Vectors];
};

// The rows of the table for some bins of a column; w is the weights of the first of them
template <int Vectors, class T>
FANIN_INLINE void table_of_bins(const CodedTables<T>& out, const CodedPlace& place, std::size_t p, Range bins,
                                const T* w, SumsOfWeights<Vectors, T>& sums) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const typename Vec<T>::Bits adds = first_lanes<T>(place.piecewise ? Vec<T>::width : 0);
  T* const table = out.table.at(place.table, p);
  const T* const centre = out.centre + place.weights;
  for (std::size_t t = bins.end; t-- > bins.begin;) {
    const Vec<T> mean(centre[t]);
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      const Vec<T> weight = Vec<T>::load(w + (t - bins.begin) * step + j * Vec<T>::width);
      sums.centre[j] = fma(mean, weight, sums.centre[j]);
      sums.row[j] = select(adds, sums.row[j] - weight, weight);
      flush(sums.row[j]).store(table + t * step + j * Vec<T>::width);
    }
  }
}

template <int Vectors, class T>
FANIN_INLINE void begin_table(SumsOfWeights<Vectors, T>& sums) {
  for (int j = 0; j < Vectors; ++j) sums.row[j] = sums.centre[j] = Vec<T>(0.0);
}

// The constant of column c
template <int Vectors, class T>
FANIN_INLINE void end_table(const CodedTables<T>& out, const CodedPlace& place, std::size_t c, std::size_t p,
                            const SumsOfWeights<Vectors, T>& sums) {
  for (int j = 0; j < Vectors; ++j) {
    const Vec<T> first = place.piecewise ? sums.row[j] : Vec<T>(0.0);
    flush(-(sums.centre[j] + first)).store(out.constants.at(c, p) + j * Vec<T>::width);
  }
}

// f(bins) for groups of at most 64 bins, the last ones first
template <class F>
FANIN_INLINE void for_each_group_of_bins(std::size_t size, F&& f) {
  for (std::size_t end = size; end > 0;) {
    const std::size_t begin = (end - 1) / kRowBlock * kRowBlock;
    f(Range{begin, end});
    end = begin;
  }
}

template <int Vectors, class T>
void coded_gradient_of_column(const CodedGradient<T>& g, std::size_t c, std::size_t p, bool more,
                              const T* all, T* block) {
  constexpr std::size_t step = Vectors * Vec<T>::width;
  const CodedPlace& place = g.codes.places[c];
  const WeightGradient<T>& of = g.of;
  const std::size_t first = of.weight_offset + p * of.weight_rows * kPanel<T> + place.weights_row * step;
  SumsOfRows<Vectors, T> rows;
  SumsOfWeights<Vectors, T> weights;
  begin_table(weights);
  for (int j = 0; j < Vectors; ++j) {
    rows.after[j] = Vec<T>(0.0);
    rows.all[j] = Vec<T>::load(all + j * Vec<T>::width);
  }
  for_each_group_of_bins(place.size, [&](Range bins) {
    const std::size_t at = first + bins.begin * step, n = (bins.end - bins.begin) * step;
    gradient_of_bins(g, c, bins, of.dz.at(0, p), block, rows);
    for (std::size_t i = 0; of.into == Into::continued && i < n; i += Vec<T>::width) {
      (Vec<T>::load(of.gradient + at + i) + Vec<T>::load(block + i)).store(block + i);
    }
    apply_to_rows(of, block, at, bins.end - bins.begin, p, more ? place.size * step : 0);
    if (of.gradient == nullptr) {
      table_of_bins(g.tables, place, p, bins, of.update.parameters + at, weights);
    }
  });
  if (of.gradient == nullptr) end_table(g.tables, place, c, p, weights);
}

template <class T>
void coded_gradient(const CodedGradient<T>& g, Range panels, Range columns) {
  alignas(64) T block[kRowBlock * kPanel<T>], all[kPanel<T>];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    sum_of_rows(g.of.dz, p, static_cast<const T*>(nullptr), all);
    with_vectors<T>(g.of.dz.width(p), [&]<int Vectors>() {
      for (std::size_t c = columns.begin; c < columns.end; ++c) {
        coded_gradient_of_column<Vectors>(g, c, p, c + 1 < columns.end, all, block);
      }
    });
  }
}

// The table and the constants of these columns, from all weights w
template <class T>
void coded_tables(const CodedTables<T>& out, const CodedPlace* places, const Panels<const T>& w, Range panels,
                  Range columns) {
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    with_vectors<T>(w.width(p), [&]<int Vectors>() {
      constexpr std::size_t step = Vectors * Vec<T>::width;
      for (std::size_t c = columns.begin; c < columns.end; ++c) {
        const CodedPlace& place = places[c];
        SumsOfWeights<Vectors, T> sums;
        begin_table(sums);
        __builtin_memset(out.table.at(place.table + place.size, p), 0, step * sizeof(T));
        table_of_bins(out, place, p, Range{0, place.size}, w.at(place.weights_row, p), sums);
        end_table(out, place, c, p, sums);
      }
    });
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
