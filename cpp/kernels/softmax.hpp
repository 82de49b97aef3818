// Softmax cross-entropy couples the outputs of a row: the largest, then the sum of e^(z - largest), then p.
#pragma once

#include "lanes.hpp"
#include "math.hpp"
#include "softmax_by_class.hpp"
#include "tile.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class T>
struct SoftmaxRows {
  static T largest_of(const Panels<const T>& z, std::size_t row) {
    PanelLanes<T> lanes(-__builtin_huge_val());
    for_each_vector(z, [&](std::size_t p, std::size_t column, std::size_t lane, auto mask) {
      const Vec<T> x = Vec<T>::load(z.at(row, p) + column);
      lanes.v[lane] = max(select(mask, x, lanes.v[lane]), lanes.v[lane]);
    });
    return lanes.largest();
  }

  // Calls store(panel, column, e) with e = e^(z - largest), zero in padding lanes; returns the sum
  template <class F>
  static FANIN_INLINE T exponentials(const Panels<const T>& z, std::size_t row, T largest, F&& store) {
    PanelLanes<T> lanes(0.0);
    for_each_vector(z, [&](std::size_t p, std::size_t column, std::size_t lane, auto mask) {
      const Vec<T> x = Vec<T>::load(z.at(row, p) + column);
      const Vec<T> e = select(mask, exp(x - Vec<T>(largest)), Vec<T>(0.0));
      lanes.v[lane] = lanes.v[lane] + e;
      store(p, column, e);
    });
    return lanes.sum();
  }

  template <class U>
  static U* element(const Panels<U>& m, std::size_t row, std::size_t column) {
    return m.at(row, column / kPanel<T>) + column % kPanel<T>;
  }

  // t = rest [j = label] + share, or rest times the row of probabilities + share
  struct Target {
    const LossRows<T>& l;
    T share, rest;

    explicit Target(const LossRows<T>& loss)
        : l(loss),
          share(loss.loss.parameters[0] / static_cast<T>(loss.a.columns)),
          rest(T{1} - loss.loss.parameters[0]) {}

    // The vector at this position, without the label's part
    FANIN_INLINE Vec<T> at(std::size_t row, std::size_t p, std::size_t column) const {
      if (l.labels != nullptr) return Vec<T>(share);
      return fma(Vec<T>(rest), Vec<T>::load(l.targets.at(row, p) + column), Vec<T>(share));
    }
  };

  static void loss(const LossRows<T>& l, std::size_t first, std::size_t count) {
    const Target target(l);
    const bool plain = l.labels != nullptr && target.share == 0;
    alignas(64) T total[kPanel<T>], linear[kPanel<T>] = {}, mass[kPanel<T>];
    for (std::size_t i = 0; i < kPanel<T>; ++i) total[i] = mass[i] = 1;
    if (plain && count > 1 && l.a.columns <= kPanel<T> / 2 && l.dz.data != nullptr &&
        l.row_score == nullptr) {
      softmax_by_class(l, first, count, total, linear);
    } else {
      rows_by_themselves(l, target, plain, first, count, total, linear, mass);
    }
    // E = mass log(sum) - linear, at most `largest`
    const Vec<T> largest(l.loss.parameters[1]);
    for_each<T>(count, [&](std::size_t i, auto lanes) {
      Vec<T> value = log(Vec<T>::load(total + i)) * lanes.load(mass + i) - Vec<T>::load(linear + i);
      value = select(value > largest, largest, value);
      if (l.row_weight != nullptr) value = value * lanes.load(l.row_weight + first + i);
      lanes.store(value, l.row_loss + first + i);
    });
  }

  // dz, and for each sample the sum of e^(z_j - largest), linear = sum_j t_j (z_j - largest),
  // mass = sum_j t_j
  static void rows_by_themselves(const LossRows<T>& l, const Target& target, bool plain, std::size_t first,
                                 std::size_t count, T* total, T* linear, T* mass) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = first + i,
                        label = l.labels != nullptr ? static_cast<std::size_t>(l.labels[row]) : 0;
      const T weight = l.row_weight != nullptr ? l.row_weight[row] : T{1}, scale = weight * l.scale;
      const T largest = largest_of(l.a, row);
      if (!plain) sum_targets(target, row, largest, linear[i], mass[i]);
      if (l.labels != nullptr) linear[i] += target.rest * (*element(l.a, row, label) - largest);
      if (l.row_score != nullptr) l.row_score[row] = weight * hit(l, row, largest);
      if (l.dz.data == nullptr) {
        total[i] = exponentials(l.a, row, largest, [](std::size_t, std::size_t, Vec<T>) {});
        continue;
      }
      total[i] = exponentials(l.a, row, largest, [&](std::size_t p, std::size_t column, Vec<T> e) {
        e.store(l.dz.at(row, p) + column);
      });
      const T p_label = *element(l.dz, row, label) / total[i];
      for_each_vector(l.a, [&](std::size_t p, std::size_t column, std::size_t, auto mask) {
        T* dz = l.dz.at(row, p) + column;
        Vec<T> d = Vec<T>::load(dz) / Vec<T>(total[i]);
        if (!plain) d = select(mask, fma(d, Vec<T>(mass[i]), -target.at(row, p, column)), Vec<T>(0.0));
        (d * Vec<T>(scale)).store(dz);
      });
      if (l.labels != nullptr) *element(l.dz, row, label) = (p_label - target.share - target.rest) * scale;
    }
  }

  // dz = mass p (ra - p . ra)
  static void curvature(const LossCurvature<T>& c, std::size_t first, std::size_t count) {
    const LossRows<T>& l = c.of;
    const Target target(l);
    for (std::size_t row = first; row < first + count; ++row) {
      const T weight = l.row_weight != nullptr ? l.row_weight[row] : T{1}, largest = largest_of(l.a, row);
      T linear = 0, mass = 1;
      if (l.labels == nullptr) sum_targets(target, row, largest, linear, mass);
      PanelLanes<T> products(0.0);
      const T total = exponentials(l.a, row, largest, [&](std::size_t p, std::size_t column, Vec<T> e) {
        Vec<T>& lane = products.v[column / Vec<T>::width];
        lane = lane + e * Vec<T>::load(c.ra.at(row, p) + column);
        e.store(l.dz.at(row, p) + column);
      });
      const Vec<T> mean(products.sum() / total), factor(weight * l.scale * mass), sum(total);
      for_each_vector(l.a, [&](std::size_t p, std::size_t column, std::size_t, auto mask) {
        T* const dz = l.dz.at(row, p) + column;
        const Vec<T> above = Vec<T>::load(c.ra.at(row, p) + column) - mean;
        select(mask, Vec<T>::load(dz) / sum * above * factor, Vec<T>(0.0)).store(dz);
      });
    }
  }

  static void sum_targets(const Target& target, std::size_t row, T largest, T& linear, T& mass) {
    PanelLanes<T> products(0.0), sums(0.0);
    for_each_vector(target.l.a, [&](std::size_t p, std::size_t column, std::size_t lane, auto mask) {
      const Vec<T> z = Vec<T>::load(target.l.a.at(row, p) + column);
      const Vec<T> t = select(mask, target.at(row, p, column), Vec<T>(0.0));
      // 0 times -infinity, for a probability and a target of zero, counts as 0
      products.v[lane] = products.v[lane] + select(t == Vec<T>(0.0), Vec<T>(0.0), t * (z - Vec<T>(largest)));
      sums.v[lane] = sums.v[lane] + t;
    });
    linear = products.sum();
    if (target.l.labels == nullptr) mass = sums.sum();
  }

  // 1 if the first of the largest outputs is the label, or the first of the largest target probabilities
  static T hit(const LossRows<T>& l, std::size_t row, T largest) {
    const std::size_t guess = first_at_least(l.a, row, largest);
    const std::size_t truth = l.labels != nullptr
                                  ? static_cast<std::size_t>(l.labels[row])
                                  : first_at_least(l.targets, row, largest_of(l.targets, row));
    return guess == truth ? T{1} : T{0};
  }
  static std::size_t first_at_least(const Panels<const T>& m, std::size_t row, T value) {
    std::size_t j = 0;
    while (j + 1 < m.columns && !(*element(m, row, j) >= value)) ++j;
    return j;
  }

  // A single row is as fast on its own.
  static void outputs(T* out, std::size_t row_stride, const Panels<const T>& a, Range rows) {
    const std::size_t count = rows.end - rows.begin;
    if (a.columns <= kPanel<T> / 2 && count > 1 && 2 * count >= a.columns) {
      for_each_group(rows, kPanel<T>, [&](std::size_t row, std::size_t end) {
        probabilities_by_class(out + (row - rows.begin) * row_stride, row_stride, a, row, end - row);
      });
      return;
    }
    for (std::size_t row = rows.begin; row < rows.end; ++row, out += row_stride) output(out, a, row);
  }

 private:
  static void output(T* out, const Panels<const T>& a, std::size_t row) {
    alignas(64) T e[kPanel<T>];
    const T largest = largest_of(a, row);
    const T total = exponentials(a, row, largest,
                                 [&](std::size_t, std::size_t column, Vec<T> x) { x.store(e + column); });
    for (std::size_t p = 0; p < a.count(); ++p) {
      for (std::size_t column = 0; column < a.width(p); column += Vec<T>::width) {
        // those of a single panel are already there
        const Vec<T> x = a.count() == 1 ? Vec<T>::load(e + column)
                                        : exp(Vec<T>::load(a.at(row, p) + column) - Vec<T>(largest));
        (x / Vec<T>(total)).store(e + column);
      }
      __builtin_memcpy(out + p * kPanel<T>, e, a.used(p) * sizeof(T));
    }
  }
};

}  // namespace
}  // namespace fanin::FANIN_ISA
