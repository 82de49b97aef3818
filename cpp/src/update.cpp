#include "fanin/update.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "borrowed_arrays.hpp"
#include "buffer.hpp"
#include "checks.hpp"
#include "fanin/error.hpp"
#include "method.hpp"
#include "registry.hpp"
#include "rule_state.hpp"
#include "team.hpp"

namespace fanin {
namespace {

// Threads take whole runs of this many parameters.
constexpr std::size_t kRun = 4096;
// A step that touches less memory than this, about 5 us of it, is not worth a team.
constexpr std::size_t kTeamBytes = 512 * 1024;

// A call under way; throws BusyError instead of waiting for another one.
class Hold {
 public:
  explicit Hold(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) {
      throw BusyError("optimizer: another thread is using it; wait until that has ended");
    }
  }
  ~Hold() { busy_.store(false); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  std::atomic<bool>& busy_;
};

void check_count(const std::string& what, std::size_t expected, std::size_t got) {
  if (got == expected) return;
  throw ValueError("state: expected " + std::to_string(expected) + " " + what + ", got " +
                   std::to_string(got));
}

}  // namespace

template <class T>
struct Optimizer<T>::State {
  State(const Method& chosen, std::vector<std::span<T>> borrowed, std::vector<bool> which_are_biases)
      : method(chosen), arrays(std::move(borrowed)), biases(std::move(which_are_biases)) {
    check_method(method);
    if (!biases.empty() && biases.size() != arrays.arrays.size()) {
      throw ValueError("biases: expected a flag for each of the " + std::to_string(arrays.arrays.size()) +
                       " arrays, got " + std::to_string(biases.size()));
    }
    take_slots();
    surround();
  }

  void take_slots();
  void surround();
  T* slot(int s, std::size_t array) const {
    return slots.data() + static_cast<std::size_t>(s) * arrays.size + arrays.offsets[array];
  }
  Moment now() const {
    Moment at(steps + 1);
    at.memory = memory;
    return at;
  }
  // y = w + look_ahead v is what is trained
  T look_ahead() const {
    return velocity_of(rule) < 0 ? T{0} : static_cast<T>(fanin::look_ahead(method, steps + 1));
  }
  void move(T factor) {
    if (factor == 0) return;
    for (std::size_t i = 0; i < arrays.arrays.size(); ++i) {
      T* w = arrays.arrays[i].data();
      kernels<T>().add_scaled(w, w, slot(velocity_of(rule), i), factor, arrays.arrays[i].size());
    }
  }
  // f(kernel's update, array, range in the array) for parameters of a part of the row
  template <class F>
  void for_arrays(Range parameters, const void* constants, double rate, F&& f) const;

  Method method;
  Rule rule = Sgd{};  // largest_of(method)
  const BorrowedArrays<T> arrays;
  const std::vector<bool> biases;
  SlotList used{{}, 0};
  // slots lie one after the other in the order of the arrays
  Buffer<T> slots;
  std::vector<Segment> segments;  // one for each array, or none
  std::atomic<std::uint64_t> steps{0};
  double memory = 0;
  std::atomic<bool> busy{false};
};

template <class T>
void Optimizer<T>::State::take_slots() {
  rule = largest_of(method);
  const SlotList wanted = slots_of(rule);
  if (used.count > 0 && used == wanted) return;
  slots = carried_over(slots, used, rule, wanted, arrays.size);
  used = wanted;
}

template <class T>
void Optimizer<T>::State::surround() {
  segments.clear();
  if (is_bare(method)) return;
  for (std::size_t i = 0; i < arrays.arrays.size(); ++i) {
    segments.push_back({arrays.arrays[i].size(), around_of(method, !biases.empty() && biases[i])});
  }
}

template <class T>
template <class F>
void Optimizer<T>::State::for_arrays(Range parameters, const void* constants, double rate, F&& f) const {
  if (parameters.begin >= parameters.end) return;
  const auto& offsets = arrays.offsets;
  const auto after = std::upper_bound(offsets.begin(), offsets.end(), parameters.begin);
  for (auto i = static_cast<std::size_t>(after - offsets.begin()) - 1; i < offsets.size(); ++i) {
    if (offsets[i] >= parameters.end) return;
    const std::size_t begin = std::max(parameters.begin, offsets[i]) - offsets[i];
    const std::size_t end = std::min(parameters.end - offsets[i], arrays.arrays[i].size());
    if (begin >= end) continue;
    const Segment* segment = segments.empty() ? nullptr : &segments[i];
    f(Update<T>{static_cast<int>(rule.index()), constants, arrays.arrays[i].data(), slot(0, i), arrays.size,
                nullptr, segment, rate},
      i, Range{begin, end});
  }
}

template <class T>
Optimizer<T>::Optimizer(const Method& method, std::vector<std::span<T>> arrays, std::vector<bool> biases)
    : state_(std::make_unique<State>(method, std::move(arrays), std::move(biases))) {
  kernels<T>();  // a wrong FANIN_ISA throws here, not in a thread of a team
}

template <class T>
Optimizer<T>::~Optimizer() = default;
template <class T>
Optimizer<T>::Optimizer(Optimizer&&) noexcept = default;
template <class T>
Optimizer<T>& Optimizer<T>::operator=(Optimizer&&) noexcept = default;

template <class T>
void Optimizer<T>::step(const std::vector<std::span<const T>>& gradients, const StepInputs<T>& inputs) {
  State& s = *state_;
  const Hold hold(s.busy);
  s.arrays.check_gradients("gradients", gradients);
  const bool wants_second = needs_second_gradient(s.rule);
  if (wants_second || !inputs.second.empty()) {
    if (!wants_second) throw ValueError("second_gradients: " + name_of(s.rule) + " wants no second gradient");
    s.arrays.check_gradients("second_gradients", inputs.second);
  }
  Moment at = s.now();
  if (needs_loss(s.rule)) {
    if (!inputs.loss) throw ValueError("loss: expected the loss at the arrays, as the rule compares losses");
    at.loss = *inputs.loss;
  }
  const std::size_t bytes = s.arrays.size * sizeof(T) * static_cast<std::size_t>(3 + 2 * s.used.count);
  double memory = 0;
  run_team(bytes < kTeamBytes ? 1 : team_size(), [&](int thread, int threads) {
    const Range runs = Share(thread, threads, 1).take((s.arrays.size + kRun - 1) / kRun, 1);
    const Range part{runs.begin * kRun, std::min(runs.end * kRun, s.arrays.size)};
    with_constants(s.method, at, [&](const void* constants, double to_keep, double rate) {
      if (thread == 0) memory = to_keep;
      s.for_arrays(part, constants, rate, [&](Update<T> update, std::size_t i, Range range) {
        if (wants_second) update.second = inputs.second[i].data();
        kernels<T>().update(update, gradients[i].data(), range);
      });
    });
  });
  s.memory = memory;
  ++s.steps;
}

template <class T>
void Optimizer<T>::shifted(const std::vector<std::span<const T>>& gradients,
                           const std::vector<std::span<T>>& out) const {
  const State& s = *state_;
  const Hold hold(state_->busy);
  if (!needs_second_gradient(s.rule)) {
    throw ValueError("rule: " + name_of(s.rule) + " wants no second gradient");
  }
  s.arrays.check_gradients("gradients", gradients);
  s.arrays.check_gradients("out", {out.begin(), out.end()});
  run_team(1, [&](int, int) {
    with_constants(s.method, s.now(), [&](const void* constants, double, double rate) {
      s.for_arrays({0, s.arrays.size}, constants, rate, [&](const Update<T>& update, std::size_t i, Range r) {
        kernels<T>().shift(update, out[i].data(), gradients[i].data(), r);
      });
    });
  });
}

template <class T>
Method Optimizer<T>::method() const {
  const Hold hold(state_->busy);
  return state_->method;
}

template <class T>
void Optimizer<T>::set_method(const Method& method) {
  State& s = *state_;
  const Hold hold(s.busy);
  check_method(method);
  if (method.rule.index() != s.rule.index()) {
    throw ValueError("rule: expected " + name_of(s.rule) + ", whose state this is, got " +
                     name_of(method.rule));
  }
  const T before = s.look_ahead();
  const bool was_ahead = velocity_of(s.rule) >= 0;
  s.method = method;
  const bool ahead = velocity_of(largest_of(method)) >= 0;
  const T after = ahead ? static_cast<T>(fanin::look_ahead(method, s.steps + 1)) : T{0};
  if (before != after && was_ahead) s.move(-before);
  s.take_slots();
  s.surround();
  if (before != after && ahead) s.move(after);
}

template <class T>
std::uint64_t Optimizer<T>::steps() const {
  return state_->steps;
}

template <class T>
std::vector<std::string> Optimizer<T>::slot_names() const {
  const Hold hold(state_->busy);
  return slot_names_of(state_->rule);
}

template <class T>
std::string Optimizer<T>::memory_name() const {
  const Hold hold(state_->busy);
  return memory_name_of(state_->rule);
}

template <class T>
double Optimizer<T>::memory() const {
  const Hold hold(state_->busy);
  return state_->memory;
}

template <class T>
void Optimizer<T>::get_slot(std::size_t slot, std::size_t array, std::span<T> out) const {
  const Hold hold(state_->busy);
  if (slot >= static_cast<std::size_t>(state_->used.count)) {
    throw ValueError("slot: there are only " + std::to_string(state_->used.count));
  }
  state_->arrays.check_size("slot " + std::to_string(slot) + ", array " + std::to_string(array) + ": ", array,
                            out.size());
  std::copy_n(state_->slot(static_cast<int>(slot), array), out.size(), out.data());
}

template <class T>
void Optimizer<T>::get_weights(std::size_t array, std::span<T> out) const {
  const State& s = *state_;
  const Hold hold(state_->busy);
  s.arrays.check_size("array " + std::to_string(array) + ": ", array, out.size());
  const T* trained = s.arrays.arrays[array].data();
  if (velocity_of(s.rule) < 0) {
    std::copy_n(trained, out.size(), out.data());
  } else {
    const FloatingPointScope modes;
    const T* v = s.slot(velocity_of(s.rule), array);
    kernels<T>().add_scaled(out.data(), trained, v, -s.look_ahead(), out.size());
  }
}

template <class T>
void Optimizer<T>::set_state(std::uint64_t steps, double memory,
                             const std::vector<std::vector<std::span<const T>>>& values) {
  State& s = *state_;
  const Hold hold(s.busy);
  const auto count = static_cast<std::size_t>(s.used.count);
  check_count("slots", count, values.size());
  for (std::size_t slot = 0; slot < count; ++slot) {
    check_count("arrays in slot " + std::to_string(slot), s.arrays.arrays.size(), values[slot].size());
    for (std::size_t i = 0; i < s.arrays.arrays.size(); ++i) {
      const std::string name = "state: slot " + std::to_string(slot) + ", array " + std::to_string(i) + ": ";
      s.arrays.check_size(name, i, values[slot][i].size());
    }
  }
  s.steps = steps;
  s.memory = memory;
  for (std::size_t slot = 0; slot < count; ++slot) {
    for (std::size_t i = 0; i < s.arrays.arrays.size(); ++i) {
      std::copy_n(values[slot][i].data(), values[slot][i].size(), s.slot(static_cast<int>(slot), i));
    }
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace fanin
