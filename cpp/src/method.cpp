#include "method.hpp"

namespace fanin {
namespace {

double own_decay(const Rule& rule) {
  return std::visit(
      [](const auto& r) -> double {
        if constexpr (requires { r.weight_decay; }) return r.weight_decay;
        return 0;
      },
      rule);
}

}  // namespace

Around around_of(const Method& method, bool biases) {
  Around around;
  around.limit = method.clip_value;
  if (biases) return around;
  around.decay = own_decay(method.rule) + method.weight_decay;
  around.l1 = method.l1;
  around.l2 = method.l2;
  return around;
}

bool is_bare(const Method& method) {
  return method.clip_value == __builtin_inf() && method.l1 == 0 && method.l2 == 0 &&
         method.weight_decay == 0 && own_decay(method.rule) == 0;
}

}  // namespace fanin
