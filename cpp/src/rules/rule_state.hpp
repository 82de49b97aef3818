// The state of an update rule.
#pragma once

#include "base/buffer.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// Slots lie one after the other, each with the table's offsets. So do the weights of a network, in one
// buffer; those of an optimizer are the user's arrays, wherever they lie, and each is given by itself.
//
// A rule that looks ahead (Nesterov's) trains y = w + ahead v, so that gradients are taken there; v counts by
// the scale of its array's rate. A network shows w between epochs, from a buffer of its own: taking y from w
// again would round once more. Where weights are averaged, it shows the average instead, and training goes
// on from y.
template <class T>
struct RuleState {
  std::optional<Method> owner;  // whose state it is
  SlotList used{{}, 0};
  Buffer<T> slots;
  Buffer<T> shown;                // the average; in a network also w, where the rule looks ahead
  std::uint64_t steps = 0;        // taken by that rule
  double memory = 0;              // of that rule
  std::uint64_t averaged = 0;     // steps in the average
  int velocity = -1;              // place of v, where the rule looks ahead
  bool averaging = false;         // whether there is an average
  std::vector<Segment> segments;  // one for each array, or none where there is nothing around the rule

  // Makes this the state of the method's rule, at the start or as far as it is the same kind of rule. What is
  // trained stays as it is, wherever the rule looks.
  void take(const Method& method, const ParameterTable& table);
  // Slot s of an array
  T* slot(int s, const ParameterArray& array) const {
    return slots.data() + static_cast<std::size_t>(s) * slot_stride() + array.offset;
  }
  bool looks_ahead() const { return velocity >= 0; }
  // How far ahead of w the method looks before the next step: so many times v; and in one array
  T ahead(const Method& method) const;
  T ahead(const Method& method, const ParameterTable& table, std::size_t array) const;
  // out = w of the n weights of an array that are trained, and back
  void to_shown(T* out, const T* trained, const ParameterTable& table, std::size_t array,
                std::size_t n) const {
    add_velocity(out, trained, -ahead(*owner, table, array), table.trained[array], n);
  }
  void to_trained(T* out, const T* w, const ParameterTable& table, std::size_t array, std::size_t n) const {
    add_velocity(out, w, ahead(*owner, table, array), table.trained[array], n);
  }
  // What step t of the method updates, `before` steps after the last one that was counted, where all weights
  // lie in one buffer; and of one array, wherever its weights lie
  Update<T> update(const Method& method, std::uint64_t t, std::uint64_t before, T* weights) const;
  Update<T> update_of(const Update<T>& all, const ParameterTable& table, std::size_t array, T* weights) const;
  // So many steps have been taken
  void count(std::uint64_t more) {
    steps += more;
    averaged += averaging ? more : 0;
  }

  // The rest is for networks. Whether `shown` is what users see
  bool shows() const { return looks_ahead() || averaging; }
  // Takes the method; parameters, of which users see the same weights as before, are then what it trains.
  void prepare(const Method& method, const ParameterTable& table, T* parameters);
  // Makes room for the state of a method that has taken steps elsewhere, as it would be at the start
  void resume(const Method& method, const ParameterTable& table);
  // Brings what is shown up to date
  void refresh_shown(const Method& method, const ParameterTable& table, const T* parameters);
  // out = w of the parameters, where a rule looks ahead
  void without_look_ahead(T* out, const T* parameters, const ParameterTable& table) const;
  // Arrays that are shown and begin in this range have been set: what is trained follows
  void trained_from_shown(T* parameters, const ParameterTable& table, std::size_t begin,
                          std::size_t end) const;
  void forget();

 private:
  std::size_t slot_stride() const {
    return used.count == 0 ? 0 : slots.size() / static_cast<std::size_t>(used.count);
  }
  bool looks_alike(const Method& method, const ParameterTable& table) const;
  void change_slots(const Rule& to, std::size_t size);
  // out = from + times v
  void add_velocity(T* out, const T* from, T times, const ParameterArray& array, std::size_t n) const;
};

extern template struct RuleState<float>;
extern template struct RuleState<double>;

}  // namespace fanin
