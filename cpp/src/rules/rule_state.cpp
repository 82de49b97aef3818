#include "rules/rule_state.hpp"

#include <algorithm>
#include <type_traits>

#include "base/floating_point.hpp"
#include "base/registry.hpp"

namespace fanin {

// Slots that are already in use are copied from old_place; new slots start fresh.
template <class T>
void RuleState<T>::reserve(const Method& method, const ParameterTable& table) {
  if (owner) {
    owner->arrays.reserve(method.arrays.size());
  } else {
    first_owner_ = method;
  }
  segments.reserve(is_bare(method) ? 0 : table.trained.size());
  const RuleTraits traits = traits_of(largest_of(method));
  const SlotList& needed = traits.slots;
  if (has_slots(method, needed)) return;
  new_slots_ = Buffer<T>(table.size * static_cast<std::size_t>(needed.count));
  for (int i = 0; i < needed.count; ++i) {
    const int slot = needed.slot[i], old_place = is_of(method) ? used.place[slot] : -1;
    T* const to = new_slots_.data() + static_cast<std::size_t>(i) * table.size;
    if (old_place >= 0) {
      std::copy_n(slots.data() + static_cast<std::size_t>(old_place) * table.size, table.size, to);
    } else {
      std::fill_n(to, table.size, static_cast<T>(traits.initial[slot]));
    }
  }
}

template <class T>
void RuleState<T>::take(const Method& method, const ParameterTable& table) noexcept {
  static_assert(std::is_trivially_copyable_v<Rule> && std::is_trivially_copyable_v<Schedule>,
                "copying a method that room was reserved for must not throw");
  const bool same_kind = is_of(method), averages = fanin::averages(method);
  const RuleTraits traits = traits_of(largest_of(method));
  const SlotList& needed = traits.slots;
  if (!has_slots(method, needed)) {
    slots = std::move(new_slots_);
    used = needed;
  }
  if (!same_kind) {
    steps = 0;
    memory = 0;
  }
  if (!same_kind || !averaging || !averages) averaged = 0;
  if (owner) {
    *owner = method;
  } else {
    owner.swap(first_owner_);
  }
  ahead = traits.looks_ahead;
  averaging = averages;
  segments.clear();
  for (std::size_t i = 0; i < table.trained.size() && !is_bare(method); ++i) {
    segments.push_back({table.end(i), around_of(method, i, table.trained[i].inputs())});
  }
}

template <class T>
T RuleState<T>::ahead_in(const Method& method, const ParameterTable& table, std::size_t array) const {
  const double steps_ahead = look_ahead(method, steps + 1);
  if (steps_ahead == 0) return 0;
  const Around around = around_of(method, array, table.trained[array].inputs());
  return around.frozen ? 0 : static_cast<T>(steps_ahead) * static_cast<T>(around.scale);
}

template <class T>
void RuleState<T>::convert(Direction direction, T* out, const T* from, const ParameterTable& table,
                           std::size_t array, std::size_t n) const {
  Update<T> update{static_cast<int>(owner->rule.place()), nullptr, nullptr, slot(0, table.trained[array]),
                   slot_stride()};
  update.look_ahead = {static_cast<double>(ahead_in(*owner, table, array)), used.place};
  if (update.look_ahead.ahead != 0) {
    const FloatingPointScope modes;
    kernels<T>().convert_weights(update, out, from, direction == Direction::to_trained, n);
  } else if (out != from) {
    std::copy_n(from, n, out);
  }
}

template <class T>
Update<T> RuleState<T>::update(const Method& method, std::uint64_t t, std::uint64_t before,
                               T* weights) const {
  Update<T> update{static_cast<int>(owner->rule.place()), nullptr, weights, slots.data(), slot_stride()};
  update.slot_count = used.count;
  if (!segments.empty()) update.segments = segments.data();
  update.limits = limits_of<T>(method);
  if (!averaging) return update;
  update.averaging = {shown.data(), share_of_newest(method, averaged + before + 1)};
  if (ahead) update.look_ahead = {look_ahead(method, t + 1), used.place};
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
  if (averaging) update.averaging.average += offset;
  return update;
}

template <class T>
void RuleState<T>::reserve_shown(const Method& method, const ParameterTable& table) {
  const bool shows = traits_of(largest_of(method)).looks_ahead || averages(method);
  if (shows && shown.size() == 0) shown = Buffer<T>(table.size);
}

template <class T>
void RuleState<T>::prepare(const Method& method, const ParameterTable& table, T* parameters) noexcept {
  const bool same_kind = is_of(method), averages = fanin::averages(method);
  const RuleTraits traits = traits_of(largest_of(method));
  const bool keeps_average = same_kind && averaging && averages;
  bool stays = same_kind && averaging == averages && ahead == traits.looks_ahead;
  if (ahead) stays = stays && used == traits.slots;
  for (std::size_t i = 0; i < table.trained.size() && stays && ahead; ++i) {
    stays = !looks_elsewhere(method, table, i);
  }
  const Range all{0, table.size};
  // Training restarts from the weights shown to users or, if an average continues, from the weights that it
  // averages.
  if (shows() && !stays) {
    if (keeps_average) convert_all(Direction::to_shown, parameters, parameters, table, all);
    if (!keeps_average) std::copy_n(shown.data(), table.size, parameters);
  }
  take(method, table);
  if (!shows() || stays) return;
  if (!keeps_average) std::copy_n(parameters, table.size, shown.data());
  convert_all(Direction::to_trained, parameters, parameters, table, all);
}

template struct RuleState<float>;
template struct RuleState<double>;

}  // namespace fanin
