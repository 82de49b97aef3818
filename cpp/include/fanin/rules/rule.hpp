// What every update rule is made of. A rule is a value: a struct with
//   name, slots          its name and the number of state arrays a weight needs (all start at zero)
//   slot_names           their names, in order: the letters of the equation; absent where there are no slots
//   fields(self, f)      f(name, value, allowed range) for each hyper-parameter, in the dataclass's order
//   begin(t)             the constants of step t = 1, 2, ..., computed once in double
//   step(c, g, slot)     the change of w for gradient g, on one vector of any width
// A gradient of zero with zero slots must change nothing: padding lanes rely on it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin {

// The values a number may take: from low to high, without an end that is open. Not-a-number and infinity are
// never among them.
struct Allowed {
  double low, high;
  bool open_low, open_high;
};
constexpr Allowed any_number() { return {-__builtin_huge_val(), __builtin_huge_val(), true, true}; }
constexpr Allowed at_least(double low) { return {low, __builtin_huge_val(), false, true}; }
constexpr Allowed above_0() { return {0, __builtin_huge_val(), true, true}; }
constexpr Allowed from_0_to_1() { return {0, 1, false, false}; }
constexpr Allowed from_0_below_1() { return {0, 1, false, true}; }
constexpr Allowed between_0_and_1() { return {0, 1, true, true}; }

// A short list of numbers as a hyper-parameter.
struct Numbers {
  static constexpr std::size_t most = 32;
  double value[most];
  std::size_t count;
};

// base^n by squaring: the same bits everywhere, where libm's pow is not
constexpr double power(double base, std::uint64_t n) {
  double result = 1;
  for (; n != 0; n >>= 1) {
    if ((n & 1) != 0) result *= base;
    base *= base;
  }
  return result;
}

}  // namespace fanin
