#include "method.hpp"

#include "checks.hpp"
#include "fanin/math.hpp"
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
  if (method.clip_value != __builtin_inf()) check("clip_value", method.clip_value, above_0());
  if (method.clip_norm != __builtin_inf()) check("clip_norm", method.clip_norm, above_0());
  check("l1", method.l1, at_least(0));
  check("l2", method.l2, at_least(0));
  check("weight_decay", method.weight_decay, at_least(0));
  check("fan_in_power", method.fan_in_power, at_least(0));
  check("average_decay", method.average_decay, from_0_below_1());
  check("accumulate", method.accumulate, at_least(1));
  for (const ArrayOptions& array : method.arrays) check("rate_scale", array.rate_scale, at_least(0));
  if (method.accumulate > 1 && needs_second_gradient(method.rule)) {
    throw ValueError("accumulate: expected 1, as " + name_of(method.rule) +
                     " wants two gradients of the same batch, got " + std::to_string(method.accumulate));
  }
}

void check_arrays(const Method& method, std::size_t count) {
  if (method.arrays.empty() || method.arrays.size() == count) return;
  throw ValueError("arrays: expected options for each of the " + std::to_string(count) + " arrays, got " +
                   std::to_string(method.arrays.size()));
}

Around around_of(const Method& method, std::size_t array, std::size_t inputs) {
  Around around;
  if (!method.arrays.empty()) {
    around.scale = method.arrays[array].rate_scale;
    around.frozen = method.arrays[array].frozen;
  }
  if (inputs == 0) return around;
  if (method.fan_in_power > 0) {
    around.scale *= math::exp(-method.fan_in_power * math::log(static_cast<double>(inputs)));
  }
  around.decay = own_decay(method.rule) + method.weight_decay;
  around.l1 = method.l1;
  around.l2 = method.l2;
  return around;
}

bool is_bare(const Method& method) {
  return method.clip_value == __builtin_inf() && method.l1 == 0 && method.l2 == 0 &&
         method.weight_decay == 0 && own_decay(method.rule) == 0 && method.fan_in_power == 0 &&
         method.average_decay == 0 && method.arrays.empty() && !wants_whole_gradient(method);
}

}  // namespace fanin
