// Properties of a loss chosen at run time.
#pragma once

#include "base/buffer.hpp"
#include "fanin/network.hpp"
#include "kernels/table.hpp"

namespace fanin {

inline TargetKind kind_of(const Loss& loss) {
  return std::visit([](const auto& l) { return l.kind; }, loss);
}

inline std::string name_of(const Loss& loss) {
  return std::visit([](const auto& l) { return std::string(l.name); }, loss);
}

// A loss in the form the kernels use
template <class T>
class LossForKernels {
 public:
  LossForKernels(const Loss& loss, std::size_t outputs)
      : place_(static_cast<int>(loss.index())), parameters_(Panels<T>{nullptr, 1, outputs}.size()) {
    for (std::size_t j = 0; j < outputs; ++j) {
      parameters_.data()[j] = static_cast<T>(std::visit([&](const auto& l) { return l.parameter(j); }, loss));
    }
  }
  LossOf<T> get() const { return {place_, parameters_.data()}; }

 private:
  int place_;
  Buffer<T> parameters_;
};

}  // namespace fanin
