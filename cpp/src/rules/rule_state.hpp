// The state of an update rule.
#pragma once

#include "base/buffer.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// Between the weights that people see and those that a rule trains
enum class Direction { to_shown, to_trained };

// Slots lie one after the other, each with the table's offsets. So do the weights of a network, in one
// buffer; those of an optimizer are the user's arrays, wherever they lie, and each is given by itself.
//
// A rule that looks ahead trains other weights than people see. Between epochs a network keeps both, as
// converting them back and forth would round each time. Where weights are averaged, people see the average.
template <class T>
struct RuleState {
  std::optional<Method> owner;  // whose state it is
  SlotList used;
  Buffer<T> slots;
  Buffer<T> shown;                // the average; in a network also w, where the rule looks ahead
  std::uint64_t steps = 0;        // taken by that rule
  double memory = 0;              // of that rule
  std::uint64_t averaged = 0;     // steps in the average
  bool ahead = false;             // whether the rule looks ahead
  bool averaging = false;         // whether there is an average
  std::vector<Segment> segments;  // one for each array, or none where there is nothing around the rule

  bool is_of(const Method& method) const { return owner && owner->rule.place() == method.rule.place(); }
  // Makes this the state of the method's rule, at the start or as far as it is the same kind of rule. What is
  // trained stays as it is, wherever the rule looks. `reserve` allocates, and changes nothing else; after it,
  // `take` cannot fail.
  void reserve(const Method& method, const ParameterTable& table);
  void take(const Method& method, const ParameterTable& table) noexcept;
  // Slot s of an array
  T* slot(int s, const ParameterArray& array) const {
    return slots.data() + static_cast<std::size_t>(s) * slot_stride() + array.offset;
  }
  // How far a method looks ahead in an array before the next step, and whether that is not as it is now
  T ahead_in(const Method& method, const ParameterTable& table, std::size_t array) const;
  bool looks_elsewhere(const Method& method, const ParameterTable& table, std::size_t array) const {
    return ahead_in(*owner, table, array) != ahead_in(method, table, array);
  }
  // out = n weights of an array, converted
  void convert(Direction direction, T* out, const T* from, const ParameterTable& table, std::size_t array,
               std::size_t n) const;
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
  bool shows() const { return ahead || averaging; }
  void reserve_shown(const Method& method, const ParameterTable& table);
  // Takes the method that room was reserved for; parameters, of which users see the same weights as before,
  // are then what it trains.
  void prepare(const Method& method, const ParameterTable& table, T* parameters) noexcept;
  // Becomes the state of a method that has taken steps elsewhere, as it would be at the start
  void resume(const Method& method, const ParameterTable& table) {
    reserve(method, table);
    reserve_shown(method, table);
    take(method, table);
  }
  // Of the arrays that begin in this range of the buffers
  void convert_all(Direction direction, T* out, const T* from, const ParameterTable& table,
                   Range range) const {
    for (std::size_t i = 0; i < table.trained.size(); ++i) {
      const std::size_t begin = table.trained[i].offset;
      if (begin < range.begin || begin >= range.end) continue;
      convert(direction, out + begin, from + begin, table, i, table.end(i) - begin);
    }
  }
  // Brings what is shown up to date
  void refresh_shown(const ParameterTable& table, const T* parameters) {
    if (ahead && !averaging)
      convert_all(Direction::to_shown, shown.data(), parameters, table, {0, table.size});
  }
  // Arrays that are shown have been set: what is trained follows
  void trained_from_shown(T* parameters, const ParameterTable& table, Range range) const {
    if (shows()) convert_all(Direction::to_trained, parameters, shown.data(), table, range);
  }
  void forget() {
    owner.reset();
    ahead = averaging = false;
  }

 private:
  std::size_t slot_stride() const {
    return used.count == 0 ? 0 : slots.size() / static_cast<std::size_t>(used.count);
  }
  bool has_slots(const Method& method, const SlotList& wanted) const {
    return is_of(method) && used == wanted;
  }

  // what `reserve` has made for `take`
  std::optional<Method> first_owner_;
  Buffer<T> new_slots_;
};

extern template struct RuleState<float>;
extern template struct RuleState<double>;

}  // namespace fanin
