// Packs a user's matrix of any strides into panels.
#pragma once

#include "simd.hpp"
#include "table.hpp"
#include "transpose.hpp"

namespace fanin::FANIN_ISA {
namespace {

// out(i, j) = f(in(i, j)), with zeros in the padding; f is applied to vectors
template <class T, class F>
FANIN_INLINE void pack_rows(const Panels<T>& out, View<T> in, F&& f) {
  constexpr std::size_t lanes = Vec<T>::width, ahead = 4;
  for (std::size_t i = 0; i < out.rows; ++i) {
    const T* row = in.at(i, 0);
    // the next rows are elsewhere, where no hardware prefetcher looks
    const T* next = i + ahead < out.rows ? in.at(i + ahead, 0) : row;
    for (std::size_t p = 0; p < out.count(); ++p, row += kPanel<T>, next += kPanel<T>) {
      const std::size_t used = out.used(p), width = out.width(p);
      __builtin_prefetch(next);
      __builtin_prefetch(next + kPanel<T> / 2);
      T* to = out.at(i, p);
      for (std::size_t j = 0; j < width; j += lanes) {
        f(load_at_most(row + j, used > j ? used - j : 0)).store(to + j);
      }
    }
  }
}

// The same if the elements of a column are adjacent: square blocks are transposed in registers.
template <class T, class F>
FANIN_INLINE void pack_columns(const Panels<T>& out, View<T> in, F&& f) {
  constexpr std::size_t lanes = Vec<T>::width;
  for (std::size_t p = 0; p < out.count(); ++p) {
    const std::size_t used = out.used(p), width = out.width(p);
    for (std::size_t j = 0; j < width; j += lanes) {
      for (std::size_t i = 0; i < out.rows; i += lanes) {
        Vec<T> v[lanes];
#pragma GCC unroll 16
        for (std::size_t r = 0; r < lanes; ++r) {
          v[r] = j + r < used ? f(load_at_most(in.at(i, p * kPanel<T> + j + r), out.rows - i)) : Vec<T>(0.0);
        }
        exchange_stages<1>(v);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < lanes; ++r) {
          if (i + r < out.rows) v[r].store(out.at(i + r, p) + j);
        }
      }
    }
  }
}

template <class T, class F>
FANIN_INLINE void pack_elements(const Panels<T>& out, View<T> in, F&& f) {
  constexpr std::size_t lanes = Vec<T>::width;
  for (std::size_t p = 0; p < out.count(); ++p) {
    for (std::size_t i = 0; i < out.rows; ++i) {
      for (std::size_t j = 0; j < out.width(p); j += lanes) {
        Vec<T> v(0.0);
        for (std::size_t lane = 0; lane < lanes && j + lane < out.used(p); ++lane) {
          v.v[lane] = *in.at(i, p * kPanel<T> + j + lane);
        }
        f(v).store(out.at(i, p) + j);
      }
    }
  }
}

template <class T, class F>
void pack(const Panels<T>& out, View<T> in, F f) {
  if (in.column_stride == 1) {
    pack_rows(out, in, f);
  } else if (in.row_stride == 1) {
    pack_columns(out, in, f);
  } else {
    pack_elements(out, in, f);
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
