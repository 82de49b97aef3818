// Gathers rows of a user's matrix into panels: the copy that shuffling needs also packs them.
#pragma once

#include "for_each.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Copies n values to a row of a panel, and pads it with zeros
template <class T>
FANIN_INLINE void copy_run(T* out, std::size_t width, const T* in, std::size_t n) {
  constexpr std::size_t lanes = Vec<T>::width;
  for (std::size_t i = 0; i < width; i += lanes) {
    Vec<T> x(0.0);
    if (i + lanes <= n) {
      x = Vec<T>::load(in + i);
    } else if (i < n) {
      x = load_partial(in + i, static_cast<int>(n - i));
    }
    flush(x).store(out + i);
  }
}
template <class T, class S>
FANIN_INLINE void copy_run(T* out, std::size_t width, const S* in, std::size_t n) {
  T run[kPanel<T>];
  for (std::size_t i = 0; i < n; ++i) run[i] = static_cast<T>(in[i]);
  copy_run(out, width, static_cast<const T*>(run), n);
}

// y = score of x in the P columns of a panel, whose arrays are padded: the knots around x are found by
// halving, in all columns at a time
template <std::size_t P>
FANIN_INLINE void scores_of_run(double* y, const double* x, const ColumnMap& map) {
  constexpr std::int64_t knots = ColumnMap::kKnots;
  std::int64_t at[P];
  for (std::size_t i = 0; i < P; ++i) at[i] = static_cast<std::int64_t>(i) * knots;
  for (std::int64_t half = knots / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < P; ++i) {
      const double knot = map.knots[at[i] + half];
      at[i] += knot <= x[i] ? half : 0;
    }
  }
  for (std::size_t i = 0; i < P; ++i) {
    const std::int64_t low = at[i], high = low + (low % knots + 1 < knots ? 1 : 0);
    const double below = map.knots[low], above = map.knots[high];
    const double of_below = map.scores[low], of_above = map.scores[high];
    const double share = (x[i] - below) / (above - below);
    const double at_least_0 = share > 0 ? share : 0, within = at_least_0 < 1 ? at_least_0 : 1;
    y[i] = of_below + within * (of_above - of_below);
  }
}

// u / sqrt(1 + (u / 3)^2)
template <std::size_t P, class T>
FANIN_INLINE void squash(T* u) {
  constexpr T far = static_cast<T>(1e18);  // its square does not overflow, and it maps to 3
  for (std::size_t i = 0; i < P; i += Vec<T>::width) {
    const Vec<T> x = min(max(Vec<T>::load(u + i), Vec<T>(-far)), Vec<T>(far)), third = x * Vec<T>(1.0 / 3);
    (x / sqrt(fma(third, third, Vec<T>(1.0)))).store(u + i);
  }
}

// A run of values through the map of an input layer. A value beyond the range of T becomes the largest
// number.
template <class T, class S>
FANIN_INLINE void map_run(T* out, std::size_t width, const S* in, std::size_t n, const ColumnMap& map) {
  constexpr std::size_t P = kPanel<T>;
  constexpr double largest = sizeof(T) == 4 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  double x[P], y[P];
  if (n == P) {
    for (std::size_t i = 0; i < P; ++i) x[i] = static_cast<double>(in[i]);
  } else {
    for (std::size_t i = 0; i < P; ++i) x[i] = 0;
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(in[i]);
  }
  if (map.kind == ColumnMap::Kind::quantiles) {
    scores_of_run<P>(y, x, map);
  } else {
    for (std::size_t i = 0; i < P; ++i) y[i] = (x[i] - map.centre[i]) * map.scale[i];
  }
  for (std::size_t i = 0; i < P; ++i) {
    const double fill = map.fill[i];
    y[i] = x[i] == x[i] ? y[i] : fill;
  }
  for (std::size_t i = 0; i < P; ++i) {
    const double above = y[i] > -largest ? y[i] : -largest;
    y[i] = above < largest ? above : largest;
  }
  T rounded[P];
  for (std::size_t i = 0; i < P; ++i) rounded[i] = static_cast<T>(y[i]);
  if (map.kind == ColumnMap::Kind::squashed) squash<P>(rounded);
  copy_run(out, width, static_cast<const T*>(rounded), P);
}

template <class T, class S>
void gather(const Gather<T, S>& g, Range rows) {
  constexpr std::size_t P = kPanel<T>, ahead = 8;
  const bool mapped = g.map.kind != ColumnMap::Kind::none;
  const auto source = [&](std::size_t row) {
    const std::size_t i = g.order != nullptr ? g.order[g.first + row] : g.first + row;
    return g.data + static_cast<std::ptrdiff_t>(i) * g.row_stride;
  };
  const auto store = [&](T* out, std::size_t p, const S* in, std::size_t n) {
    const std::size_t width = g.out.width(p);
    mapped ? map_run(out, width, in, n, g.map.from(p * P)) : copy_run(out, width, in, n);
  };
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const S* in = source(row);
    // the rows of a shuffled batch are scattered: prefetch one a few rows ahead
    const S* next = row + ahead < rows.end ? source(row + ahead) : in;
    for (std::size_t p = 0; p < g.out.count(); ++p) {
      const std::size_t used = g.out.used(p), of_x = mapped ? g.map.from(p * P).columns : used;
      const std::size_t n = used < of_x ? used : of_x;
      T* out = g.out.at(row, p);
      if (g.column_stride == 1) {
        for (std::size_t byte = 0; byte < n * sizeof(S); byte += 64) {
          __builtin_prefetch(reinterpret_cast<const char*>(next + p * P) + byte);
        }
        store(out, p, in + p * P, n);
      } else {
        S run[P];
        const S* column = in + static_cast<std::ptrdiff_t>(p * P) * g.column_stride;
        for (std::size_t j = 0; j < n; ++j) run[j] = column[static_cast<std::ptrdiff_t>(j) * g.column_stride];
        store(out, p, run, n);
      }
    }
  }
}

// The index of the first value that is NaN or exceeds the limit in magnitude, or n
template <class T>
std::size_t find_beyond(const T* values, std::size_t n, T limit) {
  constexpr std::size_t run = 1024;
  for (std::size_t begin = 0; begin < n; begin += run) {
    const std::size_t count = n - begin < run ? n - begin : run;
    auto within = first_lanes<T>(Vec<T>::width);
    for_each<T>(count, [&](std::size_t i, auto lanes) {
      within &= abs(lanes.load(values + begin + i)) <= Vec<T>(limit);
    });
    const bool all = all_lanes<T>(within);
    for (std::size_t i = 0; !all && i < count; ++i) {
      const T x = values[begin + i];
      if (!(x <= limit && -x <= limit)) return begin + i;
    }
  }
  return n;
}

}  // namespace
}  // namespace fanin::FANIN_ISA
