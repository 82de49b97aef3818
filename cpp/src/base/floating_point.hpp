#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace fanin {

template <class T>
T without_denormals(T x) {
  return std::abs(x) < std::numeric_limits<T>::min() ? T{0} : x;
}

// Sets the floating-point modes this library needs (round to nearest; denormals survive in registers and are
// flushed when values are stored) and restores the previous ones at the end of the scope.
class FloatingPointScope {
 public:
  FloatingPointScope();
  ~FloatingPointScope();
  FloatingPointScope(const FloatingPointScope&) = delete;
  FloatingPointScope& operator=(const FloatingPointScope&) = delete;

 private:
  std::uint64_t saved_;
};

}  // namespace fanin
