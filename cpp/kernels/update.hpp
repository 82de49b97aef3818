// An update rule applied to a run of weights: the same loop for a flat array and for a block in L1.
//
// Each form of a rule is compiled to separate loops, without and with what is applied around the rule, so
// that no loop has a branch.
#pragma once

#include "fanin/rules/all.hpp"
#include "for_each.hpp"
#include "lanes.hpp"
#include "look_ahead.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

template <class R>
constexpr int forms_of = [] {
  if constexpr (requires { R::forms; }) return R::forms;
  return 1;
}();
template <class R>
constexpr bool second_of = requires { R::second_gradient; };
template <class R>
constexpr bool decays_itself = requires(typename R::Constants c) { c.own_decay; };

template <class R, int form, class V>
FANIN_INLINE V change_of(const typename R::Constants& c, V g, V w, V* slot) {
  if constexpr (forms_of<R> == 1) {
    return R::step(c, g, w, slot);
  } else {
    return R::template step<form>(c, g, w, slot);
  }
}

// The place of each slot among those that the form uses, or -1 if it does not use it
template <class R, int form>
struct Places {
  int at[slot_count<R> + 1] = {};
  int used = 0;
  constexpr Places() {
    for (int s = 0; s < slot_count<R>; ++s) {
      bool uses = true;
      if constexpr (requires { R::uses(0, 0); }) uses = R::uses(form, s);
      at[s] = uses ? used++ : -1;
    }
  }
};
template <class R, int form>
constexpr Places<R, form> kPlaces;

// w <- w + step(g) for n weights starting at parameter `first`, which g also starts at. With `Around`:
//   g <- limited g + (l2 + l2_of_sum share_of_sum) w + l1 sign(w)
//   w <- (1 - scale rate decay) w + scale step(g)
// where the decay is part of step(g) if the rule applies it itself.
// Flattened, because a rule's step that is not inlined would keep its state in memory and its constants in
// double.
template <class R, int form, class T, class Wrap>
__attribute__((flatten)) void update_form(const Update<T>& update, const Wrap& wrap, const T* g,
                                          std::size_t first, std::size_t n) {
  using V = Vec<T>;
  constexpr int slots = slot_count<R>;
  auto constants = *static_cast<const typename R::Constants*>(update.constants);
  if constexpr (decays_itself<R>) constants.own_decay = wrap.own_decay;
  T* w = update.parameters + first;
  T* memory = update.slots + first;
  const std::size_t stride = update.slot_stride;
  std::size_t next = update.next;
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    V state[slots + 1];
#pragma GCC unroll 8
    for (int s = 0; s < slots; ++s) {
      const int place = kPlaces<R, form>.at[s];
      if (place >= 0) state[s] = lanes.load(memory + static_cast<std::size_t>(place) * stride + i);
    }
    asm volatile("" : "+r"(next));  // keeps the compiler from splitting the loop in two
    if (next != 0) {
      for (int place = 0; place < kPlaces<R, form>.used; ++place) {
        __builtin_prefetch(memory + static_cast<std::size_t>(place) * stride + i + next, 1, 2);
      }
      __builtin_prefetch(w + i + next, 1, 2);
    }
    const V weight = lanes.load(w + i), gradient = wrap.gradient(lanes.load(g + i), weight);
    V change;
    if constexpr (second_of<R>) {
      const V second = wrap.gradient(lanes.load(update.second + first + i), weight);
      change = R::template step<form>(constants, gradient, second, weight, state);
    } else {
      change = change_of<R, form>(constants, gradient, weight, state);
    }
    lanes.store(flush(wrap.weight(weight, change)), w + i);
#pragma GCC unroll 8
    for (int s = 0; s < slots; ++s) {
      const int place = kPlaces<R, form>.at[s];
      if (place >= 0) lanes.store(flush(state[s]), memory + static_cast<std::size_t>(place) * stride + i);
    }
  });
}

// Nothing is applied around the rule
template <class T>
struct Bare {
  static constexpr double own_decay = 0;

  FANIN_INLINE Vec<T> gradient(Vec<T> g, Vec<T>) const { return g; }
  FANIN_INLINE Vec<T> weight(Vec<T> w, Vec<T> change) const { return w + change; }
};

// Only decay and a factor on the rate
template <class T>
struct Scaled {
  double own_decay;  // what the rule applies itself
  Vec<T> undecayed, scale;

  FANIN_INLINE Scaled(const Around& around, const Update<T>& update, bool itself)
      : own_decay(around.decays ? update.decay : 0),
        undecayed(itself ? 1 : 1 - around.scale * update.rate * own_decay),
        scale(around.scale) {}
  FANIN_INLINE Vec<T> gradient(Vec<T> g, Vec<T>) const { return g; }
  FANIN_INLINE Vec<T> weight(Vec<T> w, Vec<T> change) const { return fma(scale, change, undecayed * w); }
};

template <class T>
FANIN_INLINE Vec<T> limited(const Limits<T>& limits, Vec<T> g) {
  const Vec<T> limit(limits.limit);
  return min(limit, max(-limit, g * Vec<T>(limits.mean))) * Vec<T>(limits.shrink);
}

// Everything is applied. Weights that would give a denormal l2 w, such as those of inputs that are always 0,
// do not shrink any more: with denormals some processors take a hundred times as long.
template <class T>
struct Wrapped : Scaled<T> {
  static constexpr double kLeastPull = sizeof(T) == 4 ? 0x1p-100 : 0x1p-900;
  Limits<T> limits;
  Vec<T> l1, l2, least;

  FANIN_INLINE Wrapped(const Around& around, const Update<T>& update, bool itself)
      : Scaled<T>(around, update, itself),
        limits(update.limits),
        l1(around.l1),
        l2(around.l2 + around.l2_of_sum * update.share_of_sum),
        least(kLeastPull / (around.l2 + around.l2_of_sum * update.share_of_sum)) {}
  FANIN_INLINE Vec<T> gradient(Vec<T> g, Vec<T> w) const {
    const Vec<T> pulled = select(abs(w) < least, Vec<T>(0.0), w);
    return fma(l1, sign(w), fma(l2, pulled, limited(limits, g)));
  }
};

template <class T>
bool changes_gradients(const Around& around, const Limits<T>& limits) {
  return around.l1 != 0 || around.l2 != 0 || around.l2_of_sum != 0 || limits.mean != 1 ||
         limits.shrink != 1 || limits.limit < static_cast<T>(__builtin_inf());
}

template <class R, class T, class Wrap, int... Form>
FANIN_INLINE void update_one_form(Integers<Form...>, const Update<T>& update, const Wrap& wrap, const T* g,
                                  std::size_t first, std::size_t n) {
  int form = 0;
  if constexpr (forms_of<R> > 1) {
    form = static_cast<const typename R::Constants*>(update.constants)->form;
  }
  ((form == Form ? update_form<R, Form>(update, wrap, g, first, n) : void()), ...);
}

// The average is updated while the weights are in L1.
template <class R, class T>
void update_run(const Update<T>& update, const T* g, std::size_t first, std::size_t n) {
  using Forms = FirstIntegers<forms_of<R>>;
  const Segment* segment = update.segments;
  if (segment == nullptr) return update_one_form<R>(Forms{}, update, Bare<T>{}, g, first, n);
  const bool averages = update.averaging.average != nullptr;
  while (n > 0) {
    while (segment->end <= first) ++segment;
    std::size_t count = n < segment->end - first ? n : segment->end - first;
    if (!segment->around.frozen) {
      if (averages && count > kRowBlock * kPanel<T>) count = kRowBlock * kPanel<T>;
      if (changes_gradients(segment->around, update.limits)) {
        const Wrapped<T> wrapped(segment->around, update, decays_itself<R>);
        update_one_form<R>(Forms{}, update, wrapped, g, first, count);
      } else {
        const Scaled<T> scaled(segment->around, update, decays_itself<R>);
        update_one_form<R>(Forms{}, update, scaled, g, first, count);
      }
      if (averages) average_run<R>(update, segment->around.scale, first, count);
    }
    g += count;
    first += count;
    n -= count;
  }
}

template <class T>
using UpdateRun = void (*)(const Update<T>&, const T*, std::size_t, std::size_t);

template <class T, class... R>
UpdateRun<T> find_update(List<R...>, int rule) {
  static constexpr UpdateRun<T> runs[] = {update_run<R, T>...};
  return runs[rule];
}

// The same for the first columns of `rows` rows of a panel, at most kPacked of them: next to each other,
// since most of the panel is padding. At most 64 rows.
inline constexpr std::size_t kPacked = 2;
template <class... R>
constexpr std::size_t most_slots(List<R...>) {
  std::size_t most = 0;
  ((most = slot_count<R> > most ? slot_count<R> : most), ...);
  return most;
}
template <class T>
void update_packed(const Update<T>& update, const T* g, std::size_t first, std::size_t rows,
                   std::size_t width, std::size_t columns) {
  constexpr std::size_t most = kRowBlock * kPacked;
  alignas(64) T packed[(2 + most_slots(Rules{})) * most];
  const auto copy = [&](T* to, std::size_t to_stride, const T* from, std::size_t from_stride) {
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) to[i * to_stride + j] = from[i * from_stride + j];
    }
  };
  T *const gradient = packed, *const weights = packed + most, *const slots = packed + 2 * most;
  const auto count = static_cast<std::size_t>(update.slot_count);
  copy(gradient, columns, g, width);
  copy(weights, columns, update.parameters + first, width);
  for (std::size_t s = 0; s < count; ++s) {
    copy(slots + s * most, columns, update.slots + s * update.slot_stride + first, width);
  }
  Update<T> next_to_each_other = update;
  next_to_each_other.parameters = weights - first;
  next_to_each_other.slots = slots - first;
  next_to_each_other.slot_stride = most;
  find_update<T>(Rules{}, update.rule)(next_to_each_other, gradient, first, rows * columns);
  copy(update.parameters + first, width, weights, columns);
  for (std::size_t s = 0; s < count; ++s) {
    copy(update.slots + s * update.slot_stride + first, width, slots + s * most, columns);
  }
}

template <class T>
void update(const Update<T>& update, const T* gradient, Range parameters) {
  find_update<T>(Rules{}, update.rule)(update, gradient + parameters.begin, parameters.begin,
                                       parameters.end - parameters.begin);
}

// out = the weights at which the second gradient is needed
template <class R, class T>
void shift_run(const Update<T>& update, T* out, const T* gradient, Range parameters) {
  if constexpr (second_of<R>) {
    const auto constants = *static_cast<const typename R::Constants*>(update.constants);
    for_each<T>(parameters.end - parameters.begin, [&](std::size_t i, auto lanes) {
      Vec<T> state[slot_count<R>];
      for (int s = 0; s < slot_count<R>; ++s) {
        const T* slot = update.slots + static_cast<std::size_t>(s) * update.slot_stride;
        state[s] = lanes.load(slot + parameters.begin + i);
      }
      const Vec<T> w = lanes.load(update.parameters + parameters.begin + i);
      const Vec<T> g = lanes.load(gradient + parameters.begin + i);
      lanes.store(flush(w + R::shift(constants, g, w, state)), out + parameters.begin + i);
    });
  }
}

template <class T, class... R>
void shift_of(List<R...>, const Update<T>& update, T* out, const T* gradient, Range parameters) {
  using Run = void (*)(const Update<T>&, T*, const T*, Range);
  static constexpr Run runs[] = {shift_run<R, T>...};
  runs[update.rule](update, out, gradient, parameters);
}

// Frozen weights do not move.
template <class T>
void shift(const Update<T>& update, T* out, const T* gradient, Range parameters) {
  const Segment* segment = update.segments;
  if (segment == nullptr) return shift_of<T>(Rules{}, update, out, gradient, parameters);
  while (parameters.begin < parameters.end) {
    while (segment->end <= parameters.begin) ++segment;
    const std::size_t end = segment->end < parameters.end ? segment->end : parameters.end,
                      n = end - parameters.begin;
    if (segment->around.frozen) {
      __builtin_memcpy(out + parameters.begin, update.parameters + parameters.begin, n * sizeof(T));
    } else {
      shift_of<T>(Rules{}, update, out, gradient, Range{parameters.begin, end});
    }
    parameters.begin = end;
  }
}

// out = so_far + weight g, or weight g if so_far is null
template <class T>
void add_weighted(T* out, const T* so_far, const T* g, T weight, std::size_t n) {
  for_each<T>(n, [&](std::size_t i, auto lanes) {
    const Vec<T> values = lanes.load(g + i), sum = so_far == nullptr ? Vec<T>(0.0) : lanes.load(so_far + i);
    lanes.store(flush(fma(Vec<T>(weight), values, sum)), out + i);
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
