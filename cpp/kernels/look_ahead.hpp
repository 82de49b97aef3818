// What people see of the weights of a rule that looks ahead, and averages of it.
#pragma once

#include "fanin/rules/all.hpp"
#include "for_each.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class R>
constexpr bool looks_ahead = requires(const R& rule) { rule.ahead(); };

// Weights from parameter `first` on, as people see them and as the rule trains them. A slot that is not in
// use is read as the first one, for nothing.
template <class R, class T>
struct Converter {
  Vec<T> ahead;
  const T* slots[slot_count<R>];

  FANIN_INLINE Converter(const Update<T>& update, double scale, std::size_t first)
      : ahead(update.look_ahead.ahead * scale) {
    for (int s = 0; s < slot_count<R>; ++s) {
      const int place = update.look_ahead.place[s] < 0 ? 0 : update.look_ahead.place[s];
      slots[s] = update.slots + static_cast<std::size_t>(place) * update.slot_stride + first;
    }
  }
  template <class Lanes>
  FANIN_INLINE Vec<T> shown(std::size_t i, Lanes lanes, Vec<T> y) const {
    return convert(i, lanes, [&](const Vec<T>* slot) { return R::shown(ahead, y, slot); });
  }
  template <class Lanes>
  FANIN_INLINE Vec<T> trained(std::size_t i, Lanes lanes, Vec<T> w) const {
    return convert(i, lanes, [&](const Vec<T>* slot) { return R::trained(ahead, w, slot); });
  }

 private:
  template <class Lanes, class F>
  FANIN_INLINE Vec<T> convert(std::size_t i, Lanes lanes, F&& f) const {
    Vec<T> slot[slot_count<R>];
    for (int s = 0; s < slot_count<R>; ++s) slot[s] = lanes.load(slots[s] + i);
    return f(slot);
  }
};

struct SameWeights {
  template <class Lanes, class V>
  FANIN_INLINE V shown(std::size_t, Lanes, V w) const {
    return w;
  }
};

// The first weights are their own average: share is 1.
template <class C, class T>
void average(const C& converter, const Update<T>& update, std::size_t first, std::size_t n) {
  const T* weights = update.parameters + first;
  T* average = update.averaging.average + first;
  const Vec<T> share(update.averaging.share);
  const bool begun = update.averaging.share < 1;
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    const Vec<T> w = converter.shown(i, lanes, lanes.load(weights + i));
    const Vec<T> before = begun ? lanes.load(average + i) : w;
    lanes.store(flush(fma(share, w - before, before)), average + i);
  });
}

template <class R, class T>
void average_run(const Update<T>& update, double scale, std::size_t first, std::size_t n) {
  if constexpr (looks_ahead<R>) {
    if (update.look_ahead.place != nullptr) {
      return average(Converter<R, T>(update, scale, first), update, first, n);
    }
  }
  average(SameWeights{}, update, first, n);
}

template <class R, class T>
void convert_run(const Update<T>& update, T* out, const T* from, bool to_trained, std::size_t n) {
  if constexpr (looks_ahead<R>) {
    const Converter<R, T> converter(update, 1, 0);
    for_each<T>(n, [&](std::size_t i, auto lanes) {
      const Vec<T> w = lanes.load(from + i);
      const Vec<T> other = to_trained ? converter.trained(i, lanes, w) : converter.shown(i, lanes, w);
      lanes.store(flush(other), out + i);
    });
  }
}

template <class T, class... R>
void convert_of(List<R...>, const Update<T>& update, T* out, const T* from, bool to_trained, std::size_t n) {
  using Run = void (*)(const Update<T>&, T*, const T*, bool, std::size_t);
  static constexpr Run runs[] = {convert_run<R, T>...};
  runs[update.rule](update, out, from, to_trained, n);
}

template <class T>
void convert_weights(const Update<T>& update, T* out, const T* from, bool to_trained, std::size_t n) {
  convert_of(Rules{}, update, out, from, to_trained, n);
}

}  // namespace
}  // namespace fanin::FANIN_ISA
