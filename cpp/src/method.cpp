#include "method.hpp"

#include "checks.hpp"
#include "field_check.hpp"

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

void check_method(const Method& method) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum}) {
    if (*schedule) std::visit([](const auto& s) { s.fields(s, FieldCheck{}); }, **schedule);
  }
  std::visit(
      [&](const auto& r) {
        r.fields(r, FieldCheck{});
        if constexpr (requires { r.conflict(); }) {
          if (r.conflict() != nullptr) throw ValueError(r.conflict());
        }
        if (requires { r.momentum; } || !method.momentum) return;
        throw ValueError("momentum: " + std::string(r.name) + " has none that a schedule could change");
      },
      largest_of(method));
  const FieldCheck check;
  if (method.clip_value != __builtin_inf()) {
    check("clip_value", method.clip_value, above_0());
  }
  check("l1", method.l1, at_least(0));
  check("l2", method.l2, at_least(0));
  check("weight_decay", method.weight_decay, at_least(0));
}

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
