// The state of an update rule.
#pragma once

#include "buffer.hpp"
#include "layout.hpp"
#include "method.hpp"

namespace fanin {

// The slots that a rule wants, each of `size`: those in use so far are kept, the others begin
template <class T>
Buffer<T> carried_over(const Buffer<T>& slots, const SlotList& used, const Rule& to, const SlotList& wanted,
                       std::size_t size);

// In a network slots lie one after the other, each like the parameters.
//
// A rule that looks ahead (Nesterov's) trains y = w + factor v, so that gradients are taken there. Between
// epochs w is shown, in a buffer of its own: taking y from w again would round once more.
template <class T>
struct RuleState {
  std::optional<Rule> rule;  // whose state it is
  SlotList used{{}, 0};
  Buffer<T> slots, shown;
  std::uint64_t steps = 0;  // taken by that rule
  double memory = 0;        // of that rule
  int velocity = -1;        // place of v, where w is shown
  T factor = 0;
  std::vector<Segment> segments;  // empty where there is nothing around the rule

  bool ahead() const { return velocity >= 0; }
  // Makes this the state of the method's rule, at the start or as far as it is the same kind of rule;
  // parameters are then what it trains.
  void prepare(const Method& method, const Layout<T>& layout, T* parameters);
  // Brings w up to date, where it is not what is trained
  void reveal(const Method& method, const Layout<T>& layout, const T* parameters);
  // Weights have been set from `begin` on: shown, and what is trained from them
  void follow(T* parameters, std::size_t begin, std::size_t end);
  void forget();

 private:
  T* v() const { return slots.data() + static_cast<std::size_t>(velocity) * (slots.size() / slot_count()); }
  std::size_t slot_count() const { return static_cast<std::size_t>(used.count); }
  void change_slots(const Rule& to, const SlotList& wanted, std::size_t size);
  void surround(const Method& method, const Layout<T>& layout);
};

extern template struct RuleState<float>;
extern template struct RuleState<double>;

}  // namespace fanin
