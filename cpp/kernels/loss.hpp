// Losses row by row, with the gradient that starts the backward pass, and predictions from outputs.
#pragma once

#include "dense.hpp"
#include "fanin/losses.hpp"
#include "softmax.hpp"

namespace fanin::FANIN_ISA {
namespace {

// A loss that is a sum over independent outputs
template <class L, class T>
struct RowsOf {
  static void loss(const LossRows<T>& l, std::size_t first, std::size_t count) {
    if (l.a.columns == 1 && count > 1) return loss_of_column(l, first, count);
    for (std::size_t row = first; row < first + count; ++row) {
      const T weight = l.row_weight != nullptr ? l.row_weight[row] : T{1};
      const Vec<T> scale(weight * l.scale);
      PanelLanes<T> losses(0.0), scores(0.0);
      for_each_vector(l.a, [&](std::size_t p, std::size_t column, std::size_t lane, auto mask) {
        const Vec<T> a = Vec<T>::load(l.a.at(row, p) + column);
        const Vec<T> y = target(l, row, p, column);
        const Vec<T> parameter = Vec<T>::load(l.loss.parameters + p * kPanel<T> + column);
        losses.v[lane] = losses.v[lane] + select(mask, L::value(a, y, parameter), Vec<T>(0.0));
        if (l.row_score != nullptr) {
          scores.v[lane] = scores.v[lane] + select(mask, L::score(a, y, parameter), Vec<T>(0.0));
        }
        if (l.dz.data != nullptr) {
          select(mask, L::gradient(a, y, parameter) * scale, Vec<T>(0.0)).store(l.dz.at(row, p) + column);
        }
      });
      l.row_loss[row] = losses.sum() * weight;
      if (l.row_score != nullptr) l.row_score[row] = scores.sum() * weight;
    }
  }

  // The same for one output: a vector holds those of many rows, at most a panel in all.
  static void loss_of_column(const LossRows<T>& l, std::size_t first, std::size_t count) {
    alignas(64) T outputs[kPanel<T>] = {}, targets[kPanel<T>] = {}, dz[kPanel<T>];
    for (std::size_t i = 0; i < count; ++i) {
      outputs[i] = *l.a.at(first + i, 0);
      targets[i] = *l.targets.at(first + i, 0);
    }
    const Vec<T> parameter(*l.loss.parameters), scale(l.scale);
    for_each<T>(count, [&](std::size_t i, auto lanes) {
      const Vec<T> a = Vec<T>::load(outputs + i), y = Vec<T>::load(targets + i);
      const Vec<T> weight = l.row_weight != nullptr ? lanes.load(l.row_weight + first + i) : Vec<T>(1.0);
      lanes.store(L::value(a, y, parameter) * weight, l.row_loss + first + i);
      if (l.row_score != nullptr) {
        lanes.store(L::score(a, y, parameter) * weight, l.row_score + first + i);
      }
      (L::gradient(a, y, parameter) * (weight * scale)).store(dz + i);
    });
    for (std::size_t i = 0; l.dz.data != nullptr && i < count; ++i) {
      T* const row = l.dz.at(first + i, 0);
      __builtin_memset(row, 0, l.dz.width(0) * sizeof(T));
      row[0] = dz[i];
    }
  }

  static void curvature(const LossCurvature<T>& c, std::size_t first, std::size_t count) {
    const LossRows<T>& l = c.of;
    for (std::size_t row = first; row < first + count; ++row) {
      const Vec<T> scale((l.row_weight != nullptr ? l.row_weight[row] : T{1}) * l.scale);
      for_each_vector(l.a, [&](std::size_t p, std::size_t column, std::size_t, auto mask) {
        const Vec<T> a = Vec<T>::load(l.a.at(row, p) + column), ra = Vec<T>::load(c.ra.at(row, p) + column);
        const Vec<T> parameter = Vec<T>::load(l.loss.parameters + p * kPanel<T> + column);
        const Vec<T> second = L::curvature(a, target(l, row, p, column), parameter);
        select(mask, second * ra * scale, Vec<T>(0.0)).store(l.dz.at(row, p) + column);
      });
    }
  }

  static FANIN_INLINE Vec<T> target(const LossRows<T>& l, std::size_t row, std::size_t p,
                                    std::size_t column) {
    if constexpr (L::kind == TargetKind::one_target) return Vec<T>(l.targets.at(row, 0)[0]);
    return Vec<T>::load(l.targets.at(row, p) + column);
  }

  static void outputs(T* out, std::size_t row_stride, const Panels<const T>& a, Range rows) {
    for (std::size_t row = rows.begin; row < rows.end; ++row, out += row_stride) output(out, a, row);
  }

 private:
  static void output(T* out, const Panels<const T>& a, std::size_t row) {
    alignas(64) T shown[kPanel<T>];
    for (std::size_t p = 0; p < a.count(); ++p) {
      for (std::size_t column = 0; column < a.width(p); column += Vec<T>::width) {
        L::output(Vec<T>::load(a.at(row, p) + column)).store(shown + column);
      }
      __builtin_memcpy(out + p * kPanel<T>, shown, a.used(p) * sizeof(T));
    }
  }
};

template <class T>
struct RowsOf<SoftmaxCrossEntropy, T> : SoftmaxRows<T> {};

template <class T, class... L>
auto find_loss(List<L...>, int loss) {
  static constexpr void (*functions[])(const LossRows<T>&, std::size_t,
                                       std::size_t) = {RowsOf<L, T>::loss...};
  return functions[loss];
}

template <class T, class... L>
auto find_curvature(List<L...>, int loss) {
  static constexpr void (*functions[])(const LossCurvature<T>&, std::size_t,
                                       std::size_t) = {RowsOf<L, T>::curvature...};
  return functions[loss];
}

template <class T, class... L>
auto find_output(List<L...>, int loss) {
  static constexpr void (*functions[])(T*, std::size_t, const Panels<const T>&,
                                       Range) = {RowsOf<L, T>::outputs...};
  return functions[loss];
}

// A row of weight 0 is ignored: its own loss and gradient may be infinite or NaN.
template <class T>
void clear_gradient(const LossRows<T>& l, std::size_t row) {
  for (std::size_t p = 0; l.dz.data != nullptr && p < l.dz.count(); ++p) {
    __builtin_memset(l.dz.at(row, p), 0, l.dz.width(p) * sizeof(T));
  }
}
template <class T>
void leave_out(const LossRows<T>& l, std::size_t row) {
  l.row_loss[row] = 0;
  if (l.row_score != nullptr) l.row_score[row] = 0;
  clear_gradient(l, row);
}

// Rows come in groups of one panel of samples, so that each group is transposed into whole panels.
template <class T>
void loss(const LossRows<T>& l, Range rows) {
  constexpr std::size_t P = kPanel<T>;
  const auto of_rows = find_loss<T>(Losses{}, l.loss.place);
  for_each_group(rows, P, [&](std::size_t row, std::size_t end_row) {
    const std::size_t count = end_row - row;
    of_rows(l, row, count);
    for (std::size_t i = row; l.row_weight != nullptr && i < end_row; ++i) {
      if (l.row_weight[i] == 0) leave_out(l, i);
    }
    for (std::size_t p = 0; l.dz.data != nullptr && p < l.dz.count(); ++p) {
      differentiate_rows<T>(l, l.dz.at(row, p), row, count, p);
    }
  });
}

template <class T>
void loss_curvature(const LossCurvature<T>& c, Range rows) {
  const LossRows<T>& l = c.of;
  const auto of_rows = find_curvature<T>(Losses{}, l.loss.place);
  for_each_group(rows, kPanel<T>, [&](std::size_t row, std::size_t end_row) {
    of_rows(c, row, end_row - row);
    for (std::size_t i = row; l.row_weight != nullptr && i < end_row; ++i) {
      if (l.row_weight[i] == 0) clear_gradient(l, i);
    }
    for (std::size_t p = 0; p < l.dz.count(); ++p) {
      differentiate_rows<T>(l, l.dz.at(row, p), row, end_row - row, p);
    }
  });
}

template <class T>
void outputs(int loss, T* out, std::size_t row_stride, const Panels<const T>& a, Range rows) {
  find_output<T>(Losses{}, loss)(out, row_stride, a, rows);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
