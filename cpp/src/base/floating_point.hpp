#pragma once

#include <cstdint>

namespace fanin {

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
