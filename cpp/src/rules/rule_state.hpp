// The state of an update rule.
#pragma once

#include "base/buffer.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// The slots that a rule wants, each of `size`: those in use so far are kept, the others begin
template <class T>
Buffer<T> carried_over(const Buffer<T>& slots, const SlotList& used, const Rule& to, const SlotList& wanted,
                       std::size_t size);

// In a network slots lie one after the other, each like the parameters.
//
// A rule that looks ahead (Nesterov's) trains y = w + factor v, so that gradients are taken there; v counts
// by the scale of its array's rate. Between epochs w is shown, in a buffer of its own: taking y from w again
// would round once more. Where weights are averaged, the average is shown instead, and training goes on from
// y.
template <class T>
struct RuleState {
  std::optional<Method> owner;  // whose state it is
  SlotList used{{}, 0};
  Buffer<T> slots, shown;
  std::uint64_t steps = 0;  // taken by that rule
  double memory = 0;        // of that rule
  int velocity = -1;        // place of v, where the rule looks ahead
  T factor = 0;
  bool averaging = false;
  std::uint64_t averaged = 0;     // steps in the average
  std::vector<Segment> segments;  // one for each array, or none where there is nothing around the rule

  // Whether `shown` is what users see
  bool shows() const { return ahead() || averaging; }
  // Makes this the state of the method's rule, at the start or as far as it is the same kind of rule;
  // parameters are then what it trains.
  void prepare(const Method& method, const ParameterTable& table, T* parameters);
  // What step t of the method updates, `before` steps after the last one that was counted
  Update<T> update(const Method& method, std::uint64_t t, std::uint64_t before, T* parameters) const;
  // So many steps have been taken
  void count(std::uint64_t more) {
    steps += more;
    averaged += averaging ? more : 0;
  }
  // Brings what is shown up to date
  void refresh_shown(const Method& method, const ParameterTable& table, const T* parameters);
  // out = w of the parameters, where a rule looks ahead
  void without_look_ahead(T* out, const T* parameters, const ParameterTable& table) const {
    add_velocity(segments, out, parameters, -factor, 0, table.size);
  }
  // Weights that are shown have been set from `begin` on: what is trained follows
  void trained_from_shown(T* parameters, std::size_t begin, std::size_t end);
  void forget();
  // Makes room for the state of a method that has taken steps elsewhere, as it would be at the start
  void resume(const Method& method, const ParameterTable& table);

 private:
  bool ahead() const { return velocity >= 0; }
  bool is_of(const Rule& other) const { return owner && owner->rule.index() == other.index(); }
  std::vector<Segment> segments_before_;  // memory kept from epoch to epoch

  std::size_t slot_stride() const {
    return used.count == 0 ? 0 : slots.size() / static_cast<std::size_t>(used.count);
  }
  T* v() const { return slots.data() + static_cast<std::size_t>(velocity) * slot_stride(); }
  void change_slots(const Rule& to, const SlotList& wanted, std::size_t size);
  void surround(const Method& method, const ParameterTable& table);
  void add_velocity(const std::vector<Segment>& around_arrays, T* out, const T* from, T factor_of_v,
                    std::size_t begin, std::size_t end) const;
};

extern template struct RuleState<float>;
extern template struct RuleState<double>;

}  // namespace fanin
