#include "rules/method.hpp"

#include <cstring>
#include <type_traits>

#include "base/field_check.hpp"
#include "base/text.hpp"
#include "fanin/math.hpp"
#include "fanin/names.hpp"

namespace fanin {
namespace {

// What the library asks of every rule, with what holds for one that does not say
struct Answers {
  const char* name;
  const char* memory_name = "";
  double learning_rate, momentum = 0, weight_decay = 0;
  double ahead = 0;
  bool looks_ahead = false, needs_loss = false, second_gradient = false;
  SlotList slots = {};
};

Answers answers_of(const Rule& rule) {
  return std::visit(
      [](const auto& r) {
        Answers answers{.name = r.name, .learning_rate = r.learning_rate};
        if constexpr (requires { r.momentum; }) answers.momentum = r.momentum;
        if constexpr (requires { r.weight_decay; }) answers.weight_decay = r.weight_decay;
        if constexpr (requires { r.ahead(); }) {
          answers.looks_ahead = r.looks_ahead();
          answers.ahead = r.ahead();
        }
        if constexpr (requires { r.memory_name; }) answers.memory_name = r.memory_name;
        if constexpr (requires { r.needs_loss(); }) {
          answers.needs_loss = r.needs_loss();
          if (!r.needs_loss()) answers.memory_name = "";
        }
        answers.second_gradient = requires { r.second_gradient; };
        static_assert(std::decay_t<decltype(r)>::slots <= 8);
        for (int s = 0; s < r.slots; ++s) {
          if constexpr (requires { r.uses(0, 0); }) {
            if (!r.uses(r.form(), s)) continue;
          }
          answers.slots.place[s] = answers.slots.count;
          answers.slots.slot[answers.slots.count++] = s;
        }
        return answers;
      },
      rule);
}

// The rule with what value(schedule) gives in the place of scheduled hyper-parameters
template <class F>
Rule scheduled(const Method& method, F&& value) {
  Rule rule = method.rule;
  if (!method.learning_rate && !method.momentum) return rule;
  std::visit(
      [&](auto& r) {
        if (method.learning_rate) r.learning_rate = value(*method.learning_rate);
        if constexpr (requires { r.momentum; }) {
          if (method.momentum) r.momentum = value(*method.momentum);
        }
      },
      rule);
  return rule;
}

}  // namespace

std::string name_of(const Rule& rule) { return answers_of(rule).name; }
SlotList slots_of(const Rule& rule) { return answers_of(rule).slots; }
bool looks_ahead(const Rule& rule) { return answers_of(rule).looks_ahead; }
bool needs_loss(const Rule& rule) { return answers_of(rule).needs_loss; }
bool needs_second_gradient(const Rule& rule) { return answers_of(rule).second_gradient; }
std::string memory_name_of(const Rule& rule) { return answers_of(rule).memory_name; }
double learning_rate_of(const Rule& rule) { return answers_of(rule).learning_rate; }
double momentum_of(const Rule& rule) { return answers_of(rule).momentum; }

std::vector<std::string> slot_names_of(const Rule& rule) {
  const std::vector<std::string> all =
      std::visit([](const auto& r) { return slot_names_of<std::decay_t<decltype(r)>>(); }, rule);
  const SlotList used = slots_of(rule);
  std::vector<std::string> names;
  for (int i = 0; i < used.count; ++i) names.push_back(all[static_cast<std::size_t>(used.slot[i])]);
  return names;
}

double initial_of(const Rule& rule, int slot) {
  return std::visit(
      [slot](const auto& r) -> double {
        if constexpr (requires { r.initial(0); }) return r.initial(slot);
        return 0;
      },
      rule);
}

Rule rule_at(const Method& method, std::uint64_t t) {
  return scheduled(method, [t](const Schedule& schedule) {
    return std::visit([t](const auto& s) { return s.at(t); }, schedule);
  });
}

Rule largest_of(const Method& method) {
  return scheduled(method, [](const Schedule& schedule) {
    return std::visit([](const auto& s) { return s.largest(); }, schedule);
  });
}

double look_ahead(const Method& method, std::uint64_t t) {
  return looks_ahead(largest_of(method)) ? answers_of(rule_at(method, t)).ahead : 0;
}

StepConstants begin_step(const Method& method, Moment at) {
  const Rule rule = rule_at(method, at.t);
  if (method.momentum) at.next_momentum = momentum_of(rule_at(method, at.t + 1));
  StepConstants step;
  std::visit(
      [&](const auto& r) {
        const auto constants = r.begin(at);
        step.learning_rate = r.learning_rate;
        step.memory = 0;
        if constexpr (requires { r.remember(at); }) step.memory = r.remember(at);
        static_assert(std::is_trivially_copyable_v<decltype(constants)>);
        std::memcpy(step.bytes, &constants, sizeof constants);
      },
      rule);
  return step;
}

void check_method(const Method& method) {
  for (const std::optional<Schedule>* schedule : {&method.learning_rate, &method.momentum}) {
    if (*schedule) std::visit([](const auto& s) { check_entry(s); }, **schedule);
  }
  std::visit(
      [&](const auto& r) {
        check_entry(r);
        if (requires { r.momentum; } || !method.momentum) return;
        throw ValueError("momentum: " + std::string(r.name) + " has none that a schedule could change");
      },
      largest_of(method));
  const FieldCheck check;
  Method::fields(method, check);
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
    around.frozen = is_frozen(method, array);
  }
  if (inputs == 0) return around;
  if (method.fan_in_power > 0) {
    around.scale *= math::exp(-method.fan_in_power * math::log(static_cast<double>(inputs)));
  }
  around.decay = answers_of(method.rule).weight_decay + method.weight_decay;
  around.l1 = method.l1;
  around.l2 = method.l2;
  return around;
}

bool is_bare(const Method& method) {
  return method.clip_value == __builtin_inf() && method.l1 == 0 && method.l2 == 0 &&
         method.weight_decay == 0 && answers_of(method.rule).weight_decay == 0 && method.fan_in_power == 0 &&
         method.average_decay == 0 && method.arrays.empty() && !wants_whole_gradient(method);
}

}  // namespace fanin
