#include "rules/any_rule.hpp"

#include <concepts>
#include <cstring>
#include <type_traits>

#include "base/field_check.hpp"
#include "fanin/names.hpp"
#include "fanin/rules/all.hpp"

namespace fanin {
namespace {

template <class... R, class Any, class F>
auto call(List<R...>, Any& rule, const F& f) {
  using Result = std::common_type_t<decltype(f(R{}))...>;
  using Call = Result (*)(Any&, const F&);
  static constexpr Call calls[] = {
      [](Any& any, const F& on) -> Result { return on(*any.template get_if<R>()); }...};
  return calls[rule.place()](rule, f);
}

// f(the struct of the rule)
template <class F>
auto on(const Rule& rule, const F& f) {
  return call(Rules{}, rule, f);
}
template <class F>
void change(Rule& rule, const F& f) {
  call(Rules{}, rule, [&](auto&& r) { f(r); });
}

template <class R>
constexpr bool idles =
    requires(const std::remove_cvref_t<R>& r, typename std::remove_cvref_t<R>::Constants c) {
      { r.idle(c) } -> std::same_as<IdleStep>;
    };

// What each rule of the list must have, checked one by one for clear compiler messages
template <class R>
constexpr bool is_rule() {
  static_assert(requires(R rule) { rule.learning_rate = 1.0; }, "a rule needs a double learning_rate");
  static_assert(slot_count<R> <= kMostSlots, "a rule has at most 8 slots");
  static_assert(
      requires(R rule) { R::fields(rule, [](auto&&...) {}); },
      "a rule needs fields(self, f), a static template");
  static_assert(
      requires(R rule, typename R::Constants c) { c = rule.begin(Moment(1)); },
      "a rule needs Constants begin(const Moment&) const");
  static_assert(std::is_trivially_copyable_v<typename R::Constants>,
                "Constants must be trivially copyable: numbers only");
  static_assert(sizeof(typename R::Constants) <= StepConstants::kMostBytes, "Constants: at most 16 numbers");
  if constexpr (requires { R::forms; }) {
    static_assert(requires(typename R::Constants c) { c.form; }, "a rule with forms needs Constants::form");
  }
  if constexpr (requires { R::uses(0, 0); }) {
    static_assert(requires(R rule) { rule.form(); }, "a rule with uses(form, slot) needs form()");
  }
  if constexpr (requires(R rule) { rule.needs_loss(); } || requires(R rule) { rule.remember(Moment(1)); }) {
    static_assert(requires { R::memory_name; }, "a rule that remembers a number needs its memory_name");
  }
  if constexpr (requires(R rule) { rule.ahead(); }) {
    static_assert(requires(R rule) { rule.looks_ahead(); }, "a rule with ahead() needs looks_ahead()");
  }
  return true;
}
template <class... R>
constexpr bool are_rules(List<R...>) {
  return (is_rule<R>() && ...);
}
static_assert(are_rules(Rules{}), "every entry of the list must be a rule");

// Passes the fields of a rule's struct to RuleFields
struct FieldCaller {
  RuleFields& to;
  void operator()(const char* name, double& value, const Allowed& allowed) const {
    to.number(name, value, allowed);
  }
  void operator()(const char* name, bool& value) const { to.flag(name, value); }
  template <class E>
  void operator()(const char* name, E& value, const Choices& choices) const {
    int place = static_cast<int>(value);
    to.choice(name, place, choices);
    value = static_cast<E>(place);
  }
};

}  // namespace

std::vector<std::string> Rule::names() { return names_of(Rules{}); }

std::optional<Rule> Rule::named(std::string_view name) {
  std::optional<Rule> rule;
  for_each_type(Rules{}, [&](auto entry) {
    using R = typename decltype(entry)::type;
    if (name == R::name) rule = R{};
  });
  return rule;
}

const char* Rule::name() const {
  return on(*this, [](const auto& r) { return r.name; });
}

void Rule::visit(RuleFields& fields) {
  change(*this, [&](auto& r) { r.fields(r, FieldCaller{fields}); });
}

RuleTraits traits_of(const Rule& rule) {
  return on(rule, [](auto r) {
    using R = decltype(r);
    RuleTraits traits{.learning_rate = r.learning_rate};
    if constexpr (requires { r.momentum_to_schedule(); }) traits.momentum = r.momentum_to_schedule();
    if constexpr (requires { r.ahead(); }) {
      traits.looks_ahead = r.looks_ahead();
      traits.ahead = r.ahead();
    }
    if constexpr (requires { r.memory_name; }) traits.memory_name = r.memory_name;
    if constexpr (requires { r.needs_loss(); }) {
      traits.needs_loss = r.needs_loss();
      if (!r.needs_loss()) traits.memory_name = "";
    }
    traits.second_gradient = requires { r.second_gradient; };
    traits.idles = idles<R>;
    if constexpr (requires { r.whole_matrices; }) {
      traits.whole_matrices = true;
      traits.adam_output = r.adam_output;
    }
    if constexpr (requires { R::slot_names; }) traits.slot_names = R::slot_names;
    for (int s = 0; s < slot_count<R>; ++s) {
      if constexpr (requires { r.initial(s); }) traits.initial[s] = r.initial(s);
      if constexpr (requires { r.uses(0, 0); }) {
        if (!r.uses(r.form(), s)) continue;
      }
      traits.slots.place[s] = traits.slots.count;
      traits.slots.slot[traits.slots.count++] = s;
    }
    return traits;
  });
}

std::vector<std::string> slot_names_of(const Rule& rule) {
  const RuleTraits traits = traits_of(rule);
  std::vector<std::string> names;
  for (int i = 0; i < traits.slots.count; ++i) names.emplace_back(traits.slot_names[traits.slots.slot[i]]);
  return names;
}

void check_rule(const Rule& rule) {
  on(rule, [](const auto& r) { check_entry(r); });
}

double own_decay_of(const Rule& rule) {
  return on(rule, [](const auto& r) -> double {
    if constexpr (requires { r.weight_decay; }) return r.weight_decay;
    return 0;
  });
}

void set_learning_rate(Rule& rule, double value) {
  change(rule, [value](auto& r) { r.learning_rate = value; });
}

void set_momentum(Rule& rule, double value) {
  change(rule, [value](auto& r) {
    if constexpr (requires { r.momentum_to_schedule(); }) r.momentum_to_schedule() = value;
  });
}

StepConstants constants_of(const Rule& rule, const Moment& at) {
  return on(rule, [&at](const auto& r) {
    const auto constants = r.begin(at);
    StepConstants step;
    step.learning_rate = r.learning_rate;
    step.memory = 0;
    if constexpr (requires { r.whole_matrices; }) {
      step.matrices = {r.learning_rate, r.momentum};
      step.learning_rate = r.other_rate(at);
    }
    if constexpr (requires { r.remember(at); }) step.memory = r.remember(at);
    if constexpr (idles<decltype(r)>) step.idle = r.idle(constants);
    std::memcpy(step.bytes, &constants, sizeof constants);
    return step;
  });
}

}  // namespace fanin
