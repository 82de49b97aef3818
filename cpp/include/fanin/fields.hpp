// How the entries of the lists (rules, schedules, losses, initializers, layers) describe their
// hyper-parameters.
#pragma once

#include <cstddef>

namespace fanin {

// The range of a number: from low to high, without an open end. NaN is never in range; infinity is only if it
// is a closed high end.
struct Allowed {
  double low, high;
  bool open_low, open_high;
};
constexpr Allowed any_number() { return {-__builtin_huge_val(), __builtin_huge_val(), true, true}; }
constexpr Allowed at_least(double low) { return {low, __builtin_huge_val(), false, true}; }
constexpr Allowed above_0() { return {0, __builtin_huge_val(), true, true}; }
constexpr Allowed above_0_or_infinity() { return {0, __builtin_huge_val(), true, false}; }
constexpr Allowed from_0_to_1() { return {0, 1, false, false}; }
constexpr Allowed from_0_to_half() { return {0, 0.5, false, false}; }
constexpr Allowed from_0_below_1() { return {0, 1, false, true}; }
constexpr Allowed between_0_and_1() { return {0, 1, true, true}; }

// A number in this range, or none, which is 0
struct OrNone : Allowed {
  constexpr explicit OrNone(const Allowed& allowed) : Allowed(allowed) {}
};

// A short list as a hyper-parameter.
template <class Value, std::size_t Most>
struct ShortList {
  static constexpr std::size_t most = Most;
  Value value[most];
  std::size_t count;
};
using Numbers = ShortList<double, 32>;

// The names of an enumeration's values, in order.
struct Choices {
  const char* const* names;
  std::size_t count;

  template <std::size_t N>
  constexpr Choices(const char* const (&all)[N]) : names(all), count(N) {}
};

}  // namespace fanin
