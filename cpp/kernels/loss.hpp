// Losses row by row, with the gradient that starts the backward pass, and the outputs that a user sees.
#pragma once

#include "dense.hpp"
#include "fanin/losses.hpp"
#include "lanes.hpp"

namespace fanin::FANIN_ISA {
namespace {

// A loss that is a sum over outputs, each by itself.
template <class L, class T>
struct RowsOf {
  static void loss(const LossRows<T>& l, std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {
      PanelLanes<T> lanes(0.0);
      for (std::size_t p = 0; p < l.a.count(); ++p) {
        const std::size_t width = l.a.width(p);
        for (std::size_t column = 0; column < width; column += Vec<T>::width) {
          const auto mask = first_lanes<T>(static_cast<int>(l.a.used(p)) - static_cast<int>(column));
          const Vec<T> a = Vec<T>::load(l.a.at(row, p) + column);
          const Vec<T> y = Vec<T>::load(l.targets.at(row, p) + column);
          Vec<T>& lane = lanes.v[column / static_cast<std::size_t>(Vec<T>::width)];
          lane = lane + select(mask, L::value(a, y), Vec<T>(0.0));
          if (l.dz.data != nullptr) {
            const Vec<T> da = L::gradient(a, y) * Vec<T>(l.scale);
            select(mask, da, Vec<T>(0.0)).store(l.dz.at(row, p) + column);
          }
        }
      }
      l.row_loss[row] = lanes.sum();
    }
  }

  static void output(T* out, const Panels<const T>& a, std::size_t row) {
    for (std::size_t p = 0; p < a.count(); ++p) {
      __builtin_memcpy(out + p * kPanel<T>, a.at(row, p), a.used(p) * sizeof(T));
    }
  }
};

template <class T>
FANIN_INLINE T largest_in_row(const Panels<const T>& z, std::size_t row) {
  PanelLanes<T> lanes(-__builtin_huge_val());
  for_each_in_row(z, row, lanes, [](Vec<T>& lane, const T* p, auto mask) {
    lane = max(select(mask, Vec<T>::load(p), lane), lane);
  });
  return lanes.largest();
}

// Soft-max couples the outputs of a row: its largest, then the sum of e^(z - largest), then p.
template <class T>
struct RowsOf<SoftmaxCrossEntropy, T> {
  // e^(z - largest) is handed to store(offset in the row's panels, e); returns the sum
  template <class F>
  static FANIN_INLINE T exponentials(const Panels<const T>& z, std::size_t row, T largest, F&& store) {
    PanelLanes<T> lanes(0.0);
    for_each_in_row(z, row, lanes, [&](Vec<T>& lane, const T* p, auto mask) {
      const Vec<T> e = select(mask, exp(Vec<T>::load(p) - Vec<T>(largest)), Vec<T>(0.0));
      lane = lane + e;
      store(p - z.data, e);
    });
    return lanes.sum();
  }

  template <class U>
  static U* element(const Panels<U>& m, std::size_t row, std::size_t column) {
    return m.at(row, column / kPanel<T>) + column % kPanel<T>;
  }

  static void loss(const LossRows<T>& l, std::size_t first, std::size_t count) {
    alignas(64) T largest[kPanel<T>] = {}, total[kPanel<T>], chosen[kPanel<T>] = {};
    for (T& t : total) t = 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = first + i, label = static_cast<std::size_t>(l.labels[row]);
      largest[i] = largest_in_row(l.a, row);
      chosen[i] = *element(l.a, row, label);
      if (l.row_hit != nullptr) {
        std::size_t first_largest = 0;
        while (first_largest < label && *element(l.a, row, first_largest) < largest[i]) ++first_largest;
        l.row_hit[row] = first_largest == label && chosen[i] == largest[i] ? T{1} : T{0};
      }
      if (l.dz.data == nullptr) {
        total[i] = exponentials(l.a, row, largest[i], [](std::ptrdiff_t, Vec<T>) {});
        continue;
      }
      total[i] = exponentials(l.a, row, largest[i],
                              [&](std::ptrdiff_t offset, Vec<T> e) { e.store(l.dz.data + offset); });
      const T p_label = *element(l.dz, row, label) / total[i];
      PanelLanes<T> unused(0.0);
      for_each_in_row(l.dz, row, unused, [&](Vec<T>&, T* dz, auto) {
        (Vec<T>::load(dz) / Vec<T>(total[i]) * Vec<T>(l.scale)).store(dz);
      });
      *element(l.dz, row, label) = (p_label - 1) * l.scale;
    }
    for_each<T>(count, [&](std::size_t i, auto lanes) {
      const Vec<T> value = SoftmaxCrossEntropy::value(Vec<T>::load(total + i), Vec<T>::load(largest + i),
                                                      Vec<T>::load(chosen + i));
      lanes.store(value, l.row_loss + first + i);
    });
  }

  static void output(T* out, const Panels<const T>& a, std::size_t row) {
    alignas(64) T e[kPanel<T>];
    const T largest = largest_in_row(a, row);
    const T total = exponentials(a, row, largest, [](std::ptrdiff_t, Vec<T>) {});
    for (std::size_t p = 0; p < a.count(); ++p) {
      for (std::size_t column = 0; column < a.width(p); column += Vec<T>::width) {
        const Vec<T> z = Vec<T>::load(a.at(row, p) + column);
        (exp(z - Vec<T>(largest)) / Vec<T>(total)).store(e + column);
      }
      __builtin_memcpy(out + p * kPanel<T>, e, a.used(p) * sizeof(T));
    }
  }
};

template <class T, class... L>
auto find_loss(List<L...>, int loss) {
  static constexpr void (*functions[])(const LossRows<T>&, std::size_t,
                                       std::size_t) = {RowsOf<L, T>::loss...};
  return functions[loss];
}

template <class T, class... L>
auto find_output(List<L...>, int loss) {
  static constexpr void (*functions[])(T*, const Panels<const T>&, std::size_t) = {RowsOf<L, T>::output...};
  return functions[loss];
}

// Rows come in groups of one panel of samples, so that each group is turned over into whole panels.
template <class T>
void loss(const LossRows<T>& l, Range rows) {
  constexpr std::size_t P = kPanel<T>;
  const auto of_rows = find_loss<T>(Losses{}, l.loss);
  const auto differentiate = find_differentiate<T>(Activations{}, l.activation);
  for (std::size_t row = rows.begin; row < rows.end; row += P) {
    const std::size_t count = rows.end - row < P ? rows.end - row : P;
    of_rows(l, row, count);
    for (std::size_t p = 0; l.dz.data != nullptr && p < l.dz.count(); ++p) {
      const std::size_t width = l.dz.width(p);
      differentiate(l.dz.at(row, p), l.z.data != nullptr ? l.z.at(row, p) : nullptr, l.a.at(row, p),
                    count * width);
      if (l.dz_transposed.data != nullptr) {
        const std::size_t samples = l.dz_transposed.width(row / P);
        transpose(l.dz_transposed.at(p * P, row / P), samples, l.dz.used(p), l.dz.at(row, p), width, count,
                  samples);
      }
    }
  }
}

template <class T>
void outputs(int loss, T* out, std::size_t row_stride, const Panels<const T>& a, Range rows) {
  const auto output = find_output<T>(Losses{}, loss);
  for (std::size_t row = rows.begin; row < rows.end; ++row)
    output(out + (row - rows.begin) * row_stride, a, row);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
