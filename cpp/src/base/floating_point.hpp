#pragma once

#include <cstdint>

namespace fanin {

// The processor's floating-point modes as this library wants them (round to nearest, denormals kept in
// registers and flushed where values are stored), restored at the end of the scope.
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
