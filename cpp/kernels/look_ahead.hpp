// What people see of the weights of a rule that looks ahead, and averages of it.
#pragma once

#include "fanin/rules/all.hpp"
#include "for_each.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class R>
constexpr bool looks_ahead = requires(const R& rule) { rule.ahead(); };

// From parameter `first` on. A slot that is not in use is read as the first one, for nothing.
template <class R, class T>
struct Look {
  Vec<T> ahead;
  const T* slots[R::slots];

  FANIN_INLINE Look(const Update<T>& update, double scale, std::size_t first)
      : ahead(update.look.ahead * scale) {
    for (int s = 0; s < R::slots; ++s) {
      const int place = update.look.place[s] < 0 ? 0 : update.look.place[s];
      slots[s] = update.slots + static_cast<std::size_t>(place) * update.slot_stride + first;
    }
  }
  template <class Lanes>
  FANIN_INLINE Vec<T> shown(std::size_t i, Lanes lanes, Vec<T> y) const {
    Vec<T> slot[R::slots];
    for (int s = 0; s < R::slots; ++s) slot[s] = lanes.load(slots[s] + i);
    return R::shown(ahead, y, slot);
  }
  template <class Lanes>
  FANIN_INLINE Vec<T> trained(std::size_t i, Lanes lanes, Vec<T> w) const {
    Vec<T> slot[R::slots];
    for (int s = 0; s < R::slots; ++s) slot[s] = lanes.load(slots[s] + i);
    return R::trained(ahead, w, slot);
  }
};

struct NoLook {
  template <class Lanes, class V>
  FANIN_INLINE V shown(std::size_t, Lanes, V w) const {
    return w;
  }
};

// The first weights are their own average: share is 1.
template <class L, class T>
void average(const L& look, const Update<T>& update, std::size_t first, std::size_t n) {
  const T* weights = update.parameters + first;
  T* average = update.averaging.average + first;
  const Vec<T> share(update.averaging.share);
  const bool begun = update.averaging.share < 1;
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    const Vec<T> w = look.shown(i, lanes, lanes.load(weights + i));
    const Vec<T> before = begun ? lanes.load(average + i) : w;
    lanes.store(flush(fma(share, w - before, before)), average + i);
  });
}

template <class R, class T>
void average_run(const Update<T>& update, double scale, std::size_t first, std::size_t n) {
  if constexpr (looks_ahead<R>) {
    if (update.look.place != nullptr) return average(Look<R, T>(update, scale, first), update, first, n);
  }
  average(NoLook{}, update, first, n);
}

template <class R, class T>
void look_run(const Update<T>& update, T* out, const T* from, bool back, std::size_t n) {
  if constexpr (looks_ahead<R>) {
    const Look<R, T> look(update, 1, 0);
    for_each<T>(n, [&](std::size_t i, auto lanes) {
      const Vec<T> w = lanes.load(from + i);
      lanes.store(flush(back ? look.trained(i, lanes, w) : look.shown(i, lanes, w)), out + i);
    });
  }
}

template <class T, class... R>
void look_of(List<R...>, const Update<T>& update, T* out, const T* from, bool back, std::size_t n) {
  using Run = void (*)(const Update<T>&, T*, const T*, bool, std::size_t);
  static constexpr Run runs[] = {look_run<R, T>...};
  runs[update.rule](update, out, from, back, n);
}

template <class T>
void look(const Update<T>& update, T* out, const T* from, bool back, std::size_t n) {
  look_of(Rules{}, update, out, from, back, n);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
