#include "rules/rule_state.hpp"

#include <algorithm>

#include "base/floating_point.hpp"
#include "base/registry.hpp"

namespace fanin {

template <class T>
void RuleState<T>::forget() {
  owner.reset();
  velocity = -1;
  averaging = false;
}

// Slots in use so far are kept, the others begin.
template <class T>
void RuleState<T>::change_slots(const Rule& to, std::size_t size) {
  const SlotList wanted = slots_of(to);
  if (used == wanted && used.count > 0) return;
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
  slots = std::move(next);
  used = wanted;
}

template <class T>
void RuleState<T>::take(const Method& method, const ParameterTable& table) {
  const bool same_kind = owner && owner->rule.index() == method.rule.index();
  const bool averages = method.average_decay > 0;
  if (!same_kind) {
    used.count = 0;
    steps = 0;
    memory = 0;
  }
  if (!same_kind || !averaging || !averages) averaged = 0;
  const Rule largest = largest_of(method);
  change_slots(largest, table.size);
  owner = method;
  velocity = velocity_of(largest);
  averaging = averages;
  segments.clear();
  if (is_bare(method)) return;
  for (std::size_t i = 0; i < table.trained.size(); ++i) {
    segments.push_back({table.end(i), around_of(method, i, table.trained[i].inputs())});
  }
}

template <class T>
T RuleState<T>::ahead(const Method& method) const {
  return velocity_of(largest_of(method)) < 0 ? 0 : static_cast<T>(look_ahead(method, steps + 1));
}

template <class T>
T RuleState<T>::ahead(const Method& method, const ParameterTable& table, std::size_t array) const {
  const Around around = around_of(method, array, table.trained[array].inputs());
  return around.frozen ? 0 : ahead(method) * static_cast<T>(around.scale);
}

template <class T>
void RuleState<T>::add_velocity(T* out, const T* from, T times, const ParameterArray& array,
                                std::size_t n) const {
  if (times != 0) {
    const FloatingPointScope modes;
    kernels<T>().add_scaled(out, from, slot(velocity, array), times, n);
  } else if (out != from) {
    std::copy_n(from, n, out);
  }
}

template <class T>
Update<T> RuleState<T>::update(const Method& method, std::uint64_t t, std::uint64_t before,
                               T* weights) const {
  Update<T> update{static_cast<int>(owner->rule.index()), nullptr, weights, slots.data(), slot_stride()};
  if (!segments.empty()) update.segments = segments.data();
  update.limits = limits_of<T>(method);
  if (!averaging) return update;
  update.averaging = {shown.data(), share_of_newest(method, averaged + before + 1), 0, nullptr};
  if (looks_ahead()) {
    update.averaging.ahead = look_ahead(method, t + 1);
    update.averaging.velocity = slots.data() + static_cast<std::size_t>(velocity) * slot_stride();
  }
  return update;
}

template <class T>
Update<T> RuleState<T>::update_of(const Update<T>& all, const ParameterTable& table, std::size_t array,
                                  T* weights) const {
  const std::size_t offset = table.trained[array].offset;
  Update<T> update = all;
  update.parameters = weights;
  update.slots += offset;
  if (update.segments != nullptr) update.segments += array;
  if (update.averaging.average != nullptr) update.averaging.average += offset;
  if (update.averaging.velocity != nullptr) update.averaging.velocity += offset;
  return update;
}

template <class T>
bool RuleState<T>::looks_alike(const Method& method, const ParameterTable& table) const {
  bool alike = velocity == velocity_of(largest_of(method));
  for (std::size_t i = 0; i < table.trained.size() && looks_ahead(); ++i) {
    alike = alike && ahead(*owner, table, i) == ahead(method, table, i);
  }
  return alike;
}

template <class T>
void RuleState<T>::prepare(const Method& method, const ParameterTable& table, T* parameters) {
  const bool same_kind = owner && owner->rule.index() == method.rule.index();
  const bool averages = method.average_decay > 0, keeps_average = same_kind && averaging && averages;
  const bool stays = same_kind && averaging == averages && looks_alike(method, table);
  // back to the weights: those trained where their average goes on, else those that are shown
  if (shows() && !stays) {
    if (keeps_average) without_look_ahead(parameters, parameters, table);
    if (!keeps_average) std::copy_n(shown.data(), table.size, parameters);
  }
  take(method, table);
  if (!shows() || stays) return;
  if (shown.size() == 0) shown = Buffer<T>(table.size);
  if (!keeps_average) std::copy_n(parameters, table.size, shown.data());
  for (std::size_t i = 0; i < table.trained.size(); ++i) {
    const std::size_t begin = table.trained[i].offset;
    to_trained(parameters + begin, parameters + begin, table, i, table.end(i) - begin);
  }
}

template <class T>
void RuleState<T>::resume(const Method& method, const ParameterTable& table) {
  take(method, table);
  if (shows()) shown = Buffer<T>(table.size);
}

template <class T>
void RuleState<T>::refresh_shown(const Method&, const ParameterTable& table, const T* parameters) {
  if (looks_ahead() && !averaging) without_look_ahead(shown.data(), parameters, table);
}

template <class T>
void RuleState<T>::without_look_ahead(T* out, const T* parameters, const ParameterTable& table) const {
  for (std::size_t i = 0; i < table.trained.size(); ++i) {
    const std::size_t begin = table.trained[i].offset;
    to_shown(out + begin, parameters + begin, table, i, table.end(i) - begin);
  }
}

template <class T>
void RuleState<T>::trained_from_shown(T* parameters, const ParameterTable& table, std::size_t begin,
                                      std::size_t end) const {
  for (std::size_t i = 0; i < table.trained.size() && shows(); ++i) {
    const std::size_t first = table.trained[i].offset;
    if (first < begin || first >= end) continue;
    to_trained(parameters + first, shown.data() + first, table, i, table.end(i) - first);
  }
}

template struct RuleState<float>;
template struct RuleState<double>;

}  // namespace fanin
