#include "rule_state.hpp"

#include <algorithm>

#include "registry.hpp"

namespace fanin {

template <class T>
void RuleState<T>::forget() {
  rule.reset();
  velocity = -1;
  factor = 0;
}

template <class T>
Buffer<T> carried_over(const Buffer<T>& slots, const SlotList& used, const Rule& to, const SlotList& wanted,
                       std::size_t size) {
  Buffer<T> next(size * static_cast<std::size_t>(wanted.count));
  for (int i = 0; i < wanted.count; ++i) {
    const int kept = used.place_of(wanted.slot[i]);
    T* slot = next.data() + static_cast<std::size_t>(i) * size;
    if (kept >= 0) {
      std::copy_n(slots.data() + static_cast<std::size_t>(kept) * size, size, slot);
    } else {
      std::fill_n(slot, size, static_cast<T>(initial_of(to, wanted.slot[i])));
    }
  }
  return next;
}

template <class T>
void RuleState<T>::change_slots(const Rule& to, const SlotList& wanted, std::size_t size) {
  const bool same_kind = rule && rule->index() == to.index();
  if (same_kind && used == wanted) return;
  if (!same_kind) {
    used.count = 0;
    steps = 0;
    memory = 0;
  }
  slots = carried_over(slots, used, to, wanted, size);
  used = wanted;
}

template <class T>
void RuleState<T>::surround(const Method& method, const Layout<T>& layout) {
  segments.clear();
  if (is_bare(method)) return;
  segments.reserve(2 * layout.layers.size());
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const std::size_t end = l + 1 < layout.layers.size() ? layout.layers[l + 1].weights : layout.size;
    segments.push_back({layout.layers[l].biases, around_of(method, false)});
    segments.push_back({end, around_of(method, true)});
  }
}

template <class T>
void RuleState<T>::prepare(const Method& method, const Layout<T>& layout, T* parameters) {
  const Rule largest = largest_of(method);
  const bool same_kind = rule && rule->index() == largest.index();
  const SlotList wanted = slots_of(largest);
  const int wanted_velocity = velocity_of(largest);
  const T wanted_factor =
      wanted_velocity < 0 || !same_kind ? T{0} : static_cast<T>(look_ahead(method, steps + 1));
  if (ahead() && (wanted_velocity < 0 || !same_kind || wanted_factor != factor)) {
    std::copy_n(shown.data(), layout.size, parameters);
    factor = 0;
  }
  change_slots(largest, wanted, layout.size);
  rule = largest;
  velocity = wanted_velocity;
  if (ahead()) {
    if (shown.size() == 0) shown = Buffer<T>(layout.size);
    if (wanted_factor != factor) {
      std::copy_n(parameters, layout.size, shown.data());
      kernels<T>().add_scaled(parameters, parameters, v(), wanted_factor, layout.size);
    }
    factor = wanted_factor;
  }
  surround(method, layout);
}

template <class T>
void RuleState<T>::reveal(const Method& method, const Layout<T>& layout, const T* parameters) {
  if (!ahead()) return;
  factor = static_cast<T>(look_ahead(method, steps + 1));
  kernels<T>().add_scaled(shown.data(), parameters, v(), -factor, layout.size);
}

template <class T>
void RuleState<T>::follow(T* parameters, std::size_t begin, std::size_t end) {
  if (!ahead()) return;
  kernels<T>().add_scaled(parameters + begin, shown.data() + begin, v() + begin, factor, end - begin);
}

template Buffer<float> carried_over(const Buffer<float>&, const SlotList&, const Rule&, const SlotList&,
                                    std::size_t);
template Buffer<double> carried_over(const Buffer<double>&, const SlotList&, const Rule&, const SlotList&,
                                     std::size_t);
template struct RuleState<float>;
template struct RuleState<double>;

}  // namespace fanin
