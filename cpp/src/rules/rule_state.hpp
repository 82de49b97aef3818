// The state of an update rule.
#pragma once

#include "base/buffer.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// The direction of a conversion between the weights shown to users and those that a rule trains
enum class Direction { to_shown, to_trained };

// Slots lie one after another, each with the table's offsets. A network's weights are one buffer with the
// same offsets; an optimizer's weights are the user's separate arrays, which are passed one by one.
//
// A rule that looks ahead trains weights other than those shown to users. A network keeps both between
// epochs, because converting back and forth would round each time. If weights are averaged, the average is
// shown.
template <class T>
struct RuleState {
  std::optional<Method> owner;  // the method that this is the state of
  SlotList used;
  Buffer<T> slots;
  Buffer<T> shown;                // the average; or w, in a network whose rule looks ahead
  std::uint64_t steps = 0;        // taken by the rule
  double memory = 0;              // of the rule
  std::uint64_t averaged = 0;     // steps in the average
  bool ahead = false;             // whether the rule looks ahead
  bool averaging = false;         // whether there is an average
  std::vector<Segment> segments;  // one for each array, or empty if nothing is applied around the rule

  bool is_of(const Method& method) const { return owner && owner->rule.place() == method.rule.place(); }
  // Makes this the state of the method's rule: a fresh state, or the current one if the rule is of the same
  // kind. The trained weights do not change. `reserve` only allocates; after it, `take` cannot fail.
  void reserve(const Method& method, const ParameterTable& table);
  void take(const Method& method, const ParameterTable& table) noexcept;
  // Slot s of an array
  T* slot(int s, const ParameterArray& array) const {
    return slots.data() + static_cast<std::size_t>(s) * slot_stride() + array.offset;
  }
  // How far a method looks ahead in an array before the next step, and whether that differs from the current
  // method
  T ahead_in(const Method& method, const ParameterTable& table, std::size_t array) const;
  bool looks_elsewhere(const Method& method, const ParameterTable& table, std::size_t array) const {
    return ahead_in(*owner, table, array) != ahead_in(method, table, array);
  }
  // out = n weights of an array, converted
  void convert(Direction direction, T* out, const T* from, const ParameterTable& table, std::size_t array,
               std::size_t n) const;
  // The kernel's arguments for step t of the method, `before` steps after the last that was counted: for all
  // weights in one buffer, and for one array with its own memory
  Update<T> update(const Method& method, std::uint64_t t, std::uint64_t before, T* weights) const;
  Update<T> update_of(const Update<T>& all, const ParameterTable& table, std::size_t array, T* weights) const;
  // Counts `more` steps
  void count(std::uint64_t more) {
    steps += more;
    averaged += averaging ? more : 0;
  }

  // The rest is for networks. Whether `shown` holds the weights shown to users
  bool shows() const { return ahead || averaging; }
  void reserve_shown(const Method& method, const ParameterTable& table);
  // Takes the method that memory was reserved for, and converts the parameters to what it trains. The weights
  // shown to users stay the same.
  void prepare(const Method& method, const ParameterTable& table, T* parameters) noexcept;
  // Becomes the fresh state of a method; then the state of its earlier steps can be restored
  void resume(const Method& method, const ParameterTable& table) {
    reserve(method, table);
    reserve_shown(method, table);
    take(method, table);
  }
  // Converts the arrays that begin in this range of the buffers
  void convert_all(Direction direction, T* out, const T* from, const ParameterTable& table,
                   Range range) const {
    for (std::size_t i = 0; i < table.trained.size(); ++i) {
      const std::size_t begin = table.trained[i].offset;
      if (begin < range.begin || begin >= range.end) continue;
      convert(direction, out + begin, from + begin, table, i, table.end(i) - begin);
    }
  }
  // Updates the weights that are shown
  void refresh_shown(const ParameterTable& table, const T* parameters) {
    if (ahead && !averaging)
      convert_all(Direction::to_shown, shown.data(), parameters, table, {0, table.size});
  }
  // Updates the trained weights after the shown ones have been set
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
  bool has_slots(const Method& method, const SlotList& needed) const {
    return is_of(method) && used == needed;
  }

  // What `reserve` prepared for `take`
  std::optional<Method> first_owner_;
  Buffer<T> new_slots_;
};

extern template struct RuleState<float>;
extern template struct RuleState<double>;

}  // namespace fanin
