// An update rule chosen at run time, and what may be applied around it.
#pragma once

#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "fanin/rules/rule.hpp"
#include "fanin/schedules.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// Visits the hyper-parameters of a rule without knowing its struct.
class RuleFields {
 public:
  virtual void number(const char* name, double& value, const Allowed& allowed) = 0;
  virtual void flag(const char* name, bool& value) = 0;
  virtual void choice(const char* name, int& value, const Choices& choices) = 0;

 protected:
  ~RuleFields() = default;
};

// An update rule of the list in rules/all.hpp, with its hyper-parameters. This header does not include the
// list, so that changing a rule recompiles little.
class Rule {
 public:
  // From a rule in the list, such as Adam{}
  template <class R>
    requires requires { typename R::Constants; }
  Rule(const R& rule) : place_(rule_place<R>()) {
    static_assert(sizeof(R) <= kMostBytes && std::is_trivially_copyable_v<R>,
                  "a rule's hyper-parameters must be trivially copyable and fit in 96 bytes");
    ::new (bytes_) R(rule);
  }

  // The names of all rules; the rule with that name and its defaults, or nothing
  static std::vector<std::string> names();
  static std::optional<Rule> named(std::string_view name);

  const char* name() const;
  int place() const { return place_; }  // in the list
  // The rule, or null if it is not an R
  template <class R>
  R* get_if() {
    return place_ == rule_place<R>() ? std::launder(reinterpret_cast<R*>(bytes_)) : nullptr;
  }
  template <class R>
  const R* get_if() const {
    return place_ == rule_place<R>() ? std::launder(reinterpret_cast<const R*>(bytes_)) : nullptr;
  }

  // Calls `field` for each hyper-parameter, like the rule's own `fields`
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    struct Caller final : RuleFields {
      F& field;
      explicit Caller(F& to) : field(to) {}
      void number(const char* name, double& value, const Allowed& allowed) override {
        field(name, value, allowed);
      }
      void flag(const char* name, bool& value) override { field(name, value); }
      void choice(const char* name, int& value, const Choices& choices) override {
        field(name, value, choices);
      }
    } caller(field);
    Rule visited = self;
    visited.visit(caller);
    if constexpr (!std::is_const_v<Self>) self = visited;
  }

 private:
  void visit(RuleFields& fields);

  static constexpr std::size_t kMostBytes = 96;
  int place_;
  alignas(double) std::byte bytes_[kMostBytes];
};

// A schedule with its hyper-parameters
using Schedule = decltype(variant_of(Schedules{}));

// Options for one array of parameters: a factor on its learning rate, and whether it is frozen
struct ArrayOptions {
  double rate_scale = 1;
  bool frozen = false;
};

// Whether the rows of weights that a batch of sparse rows or whole numbers does not meet are left alone, and
// make up for the steps that they have missed when they are met or read: if that is exact, never, or always,
// which is an error if it is not exact.
enum class Lazy { automatic, never, always };

// An update rule and what is applied around it, in this order:
//   g <- g (n / count)^count_power                         rows of weights that `count` of n sparse rows meet
//   g <- mean of the gradients of `accumulate` batches     by batch weight; the last group may be shorter
//   g <- g clipped to [-clip_value, clip_value]
//   g <- g min(1, clip_norm / |g|)                         |g|: over all arrays that are not frozen
//   g <- g + l2 w + l1 sign(w) + l2_of_sum w / S           weights only, not biases; S: the sum of
//                                                          sample weights, or the number of samples
//   w <- w - rate weight_decay w + s change                weights only; rate = s learning_rate
//   average <- average + share (w - average)               share = (1 - d) / (1 - d^t), d = average_decay; or
//                                                          (1 - a) / (1 + a (t - 2)), a = average_share
// with s = rate_scale n_in^-fan_in_power; fan_in_power applies to weights only, and t counts the steps in the
// average. Frozen arrays and their state do not change. A network shows the average if there is one. With
// average_share (polynomial averaging, Shamir and Zhang 2013) the mean age of the weights in it is this share
// of all steps so far, at every step: 0.5 is their plain mean.
// The weight decay is in one place: here, or in the rule if it has its own. A schedule replaces the number at
// each step, in the rule or, for the decay, here.
struct Method {
  Rule rule;
  double clip_value = __builtin_inf(), clip_norm = __builtin_inf();
  double l1 = 0, l2 = 0, l2_of_sum = 0, weight_decay = 0;
  double fan_in_power = 0;
  double count_power = 0;
  double average_decay = 0, average_share = 0;  // both 0: no average; one of them: how it is weighted
  std::size_t accumulate = 1;
  Lazy lazy = Lazy::automatic;
  // Empty, or one for each array. A network's arrays come layer by layer: weights, then biases, or beta and
  // gamma. A separate batch norm layer has only beta and gamma.
  std::vector<ArrayOptions> arrays = {};
  std::optional<Schedule> learning_rate = {}, momentum = {}, decay = {};

  static constexpr const char* lazy_names[] = {"auto", "never", "always"};
  // The hyper-parameters of what is applied around the rule
  template <class Self, class F>
  static void fields(Self& self, F&& field) {
    field("clip_value", self.clip_value, above_0_or_infinity());
    field("clip_norm", self.clip_norm, above_0_or_infinity());
    field("l1", self.l1, at_least(0));
    field("l2", self.l2, at_least(0));
    field("l2_of_sum", self.l2_of_sum, at_least(0));
    field("weight_decay", self.weight_decay, at_least(0));
    field("fan_in_power", self.fan_in_power, at_least(0));
    field("count_power", self.count_power, from_0_to_1());
    field("average_decay", self.average_decay, from_0_below_1());
    field("average_share", self.average_share, from_0_to_half());
    field("accumulate", self.accumulate, at_least(1));
    field("lazy", self.lazy, Choices(lazy_names));
  }

  template <class R, class = decltype(Rule(std::declval<R>()))>
  Method(R&& some_rule) : rule(std::forward<R>(some_rule)) {}
};

}  // namespace fanin

#pragma GCC visibility pop
