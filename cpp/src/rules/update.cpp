#include "fanin/update.hpp"

#include <algorithm>

#include "base/registry.hpp"
#include "base/text.hpp"
#include "rules/optimizer_state.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {
namespace {

// Threads take runs of this many parameters, a few runs at a time, about 5 us of work.
constexpr std::size_t kRun = 4096, kFewRuns = 4;
// A step that touches less memory than this takes less than about 5 us, and is not worth a team.
constexpr std::size_t kTeamBytes = 512 * 1024;

template <class T>
std::vector<Named> named(const char* name, const std::vector<std::span<T>>& list) {
  std::vector<Named> all;
  for (const std::span<T> values : list) {
    all.push_back({name, memory_of(values), static_cast<std::ptrdiff_t>(all.size())});
  }
  return all;
}

// Calls f(array, range in the array) for each array in a range of parameter numbers
template <class T, class F>
void for_arrays(const BorrowedArrays<T>& arrays, Range parameters, F&& f) {
  if (parameters.begin >= parameters.end) return;
  const auto& offsets = arrays.offsets;
  const auto after = std::upper_bound(offsets.begin() + 1, offsets.end(), parameters.begin);
  for (auto i = static_cast<std::size_t>(after - offsets.begin()) - 1; i < offsets.size(); ++i) {
    if (offsets[i] >= parameters.end) return;
    const std::size_t begin = std::max(parameters.begin, offsets[i]) - offsets[i];
    const std::size_t end = std::min(parameters.end - offsets[i], arrays.arrays[i].size());
    if (begin < end) f(i, Range{begin, end});
  }
}

std::size_t runs_of(std::size_t size) { return (size + kRun - 1) / kRun; }

Range parameters_of(Range runs, std::size_t size) {
  return {runs.begin * kRun, std::min(runs.end * kRun, size)};
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const Method& method, std::vector<std::span<T>> arrays,
                        std::vector<std::size_t> inputs)
    : state_(std::make_unique<State>(method, std::move(arrays), inputs)) {}

template <class T>
Optimizer<T>::~Optimizer() = default;
template <class T>
Optimizer<T>::Optimizer(Optimizer&&) noexcept = default;
template <class T>
Optimizer<T>& Optimizer<T>::operator=(Optimizer&&) noexcept = default;

template <class T>
void Optimizer<T>::step(const std::vector<std::span<const T>>& gradients, const StepInputs<T>& inputs) {
  State& s = *state_;
  const ExclusiveCall call(s.busy);
  const Method& method = s.method();
  const RuleTraits traits = traits_of(method.rule);
  s.arrays.check_gradients("gradients", gradients);
  const bool needs_second = traits.second_gradient;
  if (needs_second || !inputs.second.empty()) {
    if (!needs_second)
      throw ValueError(std::string("second_gradients: ") + s.rule().name() + " uses no second gradient");
    s.arrays.check_gradients("second_gradients", inputs.second);
  }
  if (traits.needs_loss && !inputs.loss) {
    throw ValueError("loss: expected the loss at the current weights, because the rule compares losses");
  }
  // so that both it and its inverse fit into float32
  if (inputs.weight != 0 && !(inputs.weight >= 1e-30 && inputs.weight <= 1e30)) {
    throw ValueError("weight: expected 0 or a number in [1e-30, 1e+30], got " + number_text(inputs.weight));
  }
  const bool first = s.batches == 0, last = s.batches + 1 >= method.accumulate;
  const double weight = (first ? 0 : s.weight) + inputs.weight;
  const double loss = (first ? 0 : s.loss) + inputs.weight * inputs.loss.value_or(0);
  Moment at = s.now();
  Update<T> update = s.state.update(method, at.t, 0, nullptr);
  at.loss = inputs.loss.value_or(0);
  update.share_of_sum = weight > 0 ? 1 / weight : 0;
  if (s.accumulates()) {
    at.loss = weight > 0 ? loss / weight : 0;
    update.limits.mean = static_cast<T>(update.share_of_sum);
  }
  const auto gradient = [&](std::size_t i) -> const T* {
    return s.accumulates() ? s.sum.data() + s.arrays.offsets[i] : gradients[i].data();
  };
  const std::size_t bytes =
      s.arrays.size * sizeof(T) * (3 + 2 * static_cast<std::size_t>(s.state.used.count));
  double memory = 0;
  Barrier barrier;
  const Claim claim(bytes >= kTeamBytes || s.matrices.flops() >= kTeamFlops);
  Turns turns(runs_of(s.arrays.size), kFewRuns, claim.threads());
  run_call(claim.threads(), [&](int thread, int threads) {
    const Member member{thread, threads};
    if (s.accumulates()) {
      const Range part =
          parameters_of(Share(thread, threads, 1).take(runs_of(s.arrays.size), 1), s.arrays.size);
      for_arrays(s.arrays, part, [&](std::size_t i, Range r) {
        T* sum = s.sum.data() + s.arrays.offsets[i] + r.begin;
        kernels<T>().add_weighted(sum, first ? nullptr : sum, gradients[i].data() + r.begin,
                                  static_cast<T>(inputs.weight), r.end - r.begin);
      });
      if (!last || weight == 0) return;
      barrier.wait(threads);
    }
    Update<T> mine = update;
    if (method.clip_norm < __builtin_inf()) {
      const auto wait = [&] { barrier.wait(threads); };
      s.norm.limit(member, mine.limits, method.clip_norm, wait, gradient);
    }
    const StepConstants begun = begin_step(method, at);
    if (thread == 0) memory = begun.memory;
    begun.apply_to(mine);
    s.matrices.update(
        member, mine, [&] { barrier.wait(threads); }, gradient,
        [&](std::size_t i) { return s.arrays.arrays[i].data(); });
    const auto update_part = [&](std::size_t i, Range range) {
      if (s.matrices.has(i)) return;
      Update<T> one = s.state.update_of(mine, s.table, i, s.arrays.arrays[i].data());
      if (needs_second) one.second = inputs.second[i].data();
      // The rest begins at a cache line, because vectors that straddle two lines cost twice as much.
      const std::size_t line = std::clamp(before_line(s.arrays.arrays[i].data()), range.begin, range.end);
      for (const Range r : {Range{range.begin, line}, Range{line, range.end}}) {
        if (r.begin < r.end) kernels<T>().update(one, gradient(i), r);
      }
    };
    turns.take(thread,
               [&](Range runs) { for_arrays(s.arrays, parameters_of(runs, s.arrays.size), update_part); });
  });
  s.batches = last ? 0 : s.batches + 1;
  s.weight = last ? 0 : weight;
  s.loss = last ? 0 : loss;
  if (!last) return;
  if (!s.accumulates() || weight > 0) s.state.memory = memory;
  s.state.count(1);
}

template <class T>
void Optimizer<T>::shifted(const std::vector<std::span<const T>>& gradients,
                           const std::vector<std::span<T>>& out) const {
  const State& s = *state_;
  const ExclusiveCall call(state_->busy);
  if (!traits_of(s.rule()).second_gradient) {
    throw ValueError(std::string("rule: ") + s.rule().name() + " uses no second gradient");
  }
  s.arrays.check_gradients("gradients", gradients);
  s.arrays.check_gradients("out", {out.begin(), out.end()});
  check_apart(named("out", out), named("gradients", gradients));
  run_team(1, [&](int, int) {
    const StepConstants begun = begin_step(s.method(), s.now());
    Update<T> update = s.state.update(s.method(), s.state.steps + 1, 0, nullptr);
    update.constants = begun.constants();
    for_arrays(s.arrays, {0, s.arrays.size}, [&](std::size_t i, Range r) {
      const Update<T> one = s.state.update_of(update, s.table, i, s.arrays.arrays[i].data());
      kernels<T>().shift(one, out[i].data(), gradients[i].data(), r);
    });
  });
}

template <class T>
void Optimizer<T>::set_method(const Method& method) {
  State& s = *state_;
  const ExclusiveCall call(s.busy);
  s.check(method);
  if (method.rule.place() != s.rule().place()) {
    throw ValueError(std::string("rule: expected ") + s.rule().name() + ", the optimizer's rule, got " +
                     method.rule.name());
  }
  s.take(method);
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace fanin
