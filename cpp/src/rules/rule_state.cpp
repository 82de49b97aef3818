#include "rules/rule_state.hpp"

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {

template <class T>
void RuleState<T>::forget() {
  owner.reset();
  velocity = -1;
  factor = 0;
  averaging = false;
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
  const bool same_kind = is_of(to);
  if (same_kind && used == wanted) return;
  if (!same_kind) {
    used.count = 0;
    steps = 0;
    memory = 0;
  }
  slots = carried_over(slots, used, to, wanted, size);
  used = wanted;
}

// What goes on around the rule for each array; what did before is in segments_before_
template <class T>
void RuleState<T>::surround(const Method& method, const ParameterTable& table) {
  std::swap(segments, segments_before_);
  segments.clear();
  if (is_bare(method)) return;
  const std::size_t count = table.trained.size();
  for (std::vector<Segment>* memory : {&segments, &segments_before_}) memory->reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    segments.push_back({table.end(i), around_of(method, i, table.trained[i].inputs())});
  }
}

// out = from + factor_of_v scale v, and the same where arrays are frozen
template <class T>
void RuleState<T>::add_velocity(const std::vector<Segment>& around_arrays, T* out, const T* from,
                                T factor_of_v, std::size_t begin, std::size_t end) const {
  const auto part = [&](std::size_t first, std::size_t last, const Around& around) {
    if (first >= last) return;
    const T scaled = factor_of_v * static_cast<T>(around.scale);
    if (around.frozen || !ahead()) {
      if (out != from) std::copy(from + first, from + last, out + first);
    } else {
      kernels<T>().add_scaled(out + first, from + first, v() + first, scaled, last - first);
    }
  };
  if (around_arrays.empty()) return part(begin, end, {});
  std::size_t first = begin;
  for (const Segment& segment : around_arrays) {
    part(first, std::min(end, segment.end), segment.around);
    first = std::max(first, segment.end);
  }
}

namespace {

bool same_scales(const std::vector<Segment>& a, const std::vector<Segment>& b) {
  const auto scale = [](const std::vector<Segment>& s, std::size_t i) {
    return s.empty() ? 1 : s[i].around.frozen ? 0 : s[i].around.scale;
  };
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (scale(a, i) != scale(b, i)) return false;
  }
  return true;
}

}  // namespace

template <class T>
void RuleState<T>::prepare(const Method& method, const ParameterTable& table, T* parameters) {
  const Rule largest = largest_of(method);
  const bool same_kind = is_of(largest);
  const SlotList wanted = slots_of(largest);
  const int wanted_velocity = velocity_of(largest);
  const T wanted_factor =
      wanted_velocity < 0 || !same_kind ? T{0} : static_cast<T>(look_ahead(method, steps + 1));
  surround(method, table);
  const bool averages = method.average_decay > 0, keeps_average = same_kind && averaging && averages;
  const bool looks_ahead_alike = same_kind && velocity == wanted_velocity && factor == wanted_factor &&
                                 same_scales(segments_before_, segments);

  // back to the weights: those trained where their average goes on, else those that are shown
  const bool to_weights = shows() && !(looks_ahead_alike && averaging == averages);
  if (to_weights && keeps_average)
    add_velocity(segments_before_, parameters, parameters, -factor, 0, table.size);
  if (to_weights && !keeps_average) std::copy_n(shown.data(), table.size, parameters);
  const bool from_weights = !shows() || to_weights;

  change_slots(largest, wanted, table.size);
  owner = method;
  velocity = wanted_velocity;
  factor = wanted_factor;
  averaging = averages;
  if (!keeps_average) averaged = 0;
  if (!shows() || !from_weights) return;
  if (shown.size() == 0) shown = Buffer<T>(table.size);
  if (!keeps_average) std::copy_n(parameters, table.size, shown.data());
  add_velocity(segments, parameters, parameters, factor, 0, table.size);
}

template <class T>
void RuleState<T>::resume(const Method& method, const ParameterTable& table) {
  const Rule largest = largest_of(method);
  change_slots(largest, slots_of(largest), table.size);
  owner = method;
  velocity = velocity_of(largest);
  averaging = method.average_decay > 0;
  surround(method, table);
  if (shows()) shown = Buffer<T>(table.size);
}

template <class T>
Update<T> RuleState<T>::update(const Method& method, std::uint64_t t, std::uint64_t before,
                               T* parameters) const {
  Update<T> update{static_cast<int>(owner->rule.index()), nullptr, parameters, slots.data(), slot_stride()};
  if (!segments.empty()) update.segments = segments.data();
  update.limits = limits_of<T>(method);
  if (!averaging) return update;
  update.averaging = {shown.data(), share_of_newest(method, averaged + before + 1), 0, nullptr};
  if (ahead()) {
    update.averaging.ahead = look_ahead(method, t + 1);
    update.averaging.velocity = v();
  }
  return update;
}

template <class T>
void RuleState<T>::refresh_shown(const Method& method, const ParameterTable& table, const T* parameters) {
  if (!ahead()) return;
  factor = static_cast<T>(look_ahead(method, steps + 1));
  if (!averaging) without_look_ahead(shown.data(), parameters, table);
}

template <class T>
void RuleState<T>::trained_from_shown(T* parameters, std::size_t begin, std::size_t end) {
  if (shows()) add_velocity(segments, parameters, shown.data(), factor, begin, end);
}

template Buffer<float> carried_over(const Buffer<float>&, const SlotList&, const Rule&, const SlotList&,
                                    std::size_t);
template Buffer<double> carried_over(const Buffer<double>&, const SlotList&, const Rule&, const SlotList&,
                                     std::size_t);
template struct RuleState<float>;
template struct RuleState<double>;

}  // namespace fanin
