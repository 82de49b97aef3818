#include "rules/optimizer_state.hpp"

#include <algorithm>

#include "base/registry.hpp"
#include "base/text.hpp"

namespace fanin {

template <class T>
Optimizer<T>::State::State(const Method& chosen, std::vector<std::span<T>> borrowed,
                           std::vector<std::size_t> inputs_of_arrays)
    : arrays(std::move(borrowed)), inputs(std::move(inputs_of_arrays)) {
  if (!inputs.empty() && inputs.size() != arrays.arrays.size()) {
    throw ValueError("inputs: expected a number for each of the " + std::to_string(arrays.arrays.size()) +
                     " arrays, got " + std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == 0 || arrays.arrays[i].size() % inputs[i] == 0) continue;
    throw ValueError("inputs: array " + std::to_string(i) + " of " + std::to_string(arrays.arrays[i].size()) +
                     " values has no rows for " + std::to_string(inputs[i]) + " inputs");
  }
  check(chosen);
  take(chosen);
  begin_average();
}

template <class T>
void Optimizer<T>::State::check(const Method& chosen) const {
  check_method(chosen);
  check_arrays(chosen, arrays.arrays.size());
  if (chosen.fan_in_power > 0 && inputs.empty()) {
    throw ValueError("fan_in_power: expected 0 where the numbers of inputs are not given");
  }
}

template <class T>
void Optimizer<T>::State::take(const Method& chosen) {
  const bool another_group = chosen.accumulate != method.accumulate;
  method = chosen;
  rule = largest_of(method);
  const SlotList wanted = slots_of(rule);
  if (used.count == 0 || !(used == wanted)) {
    slots = carried_over(slots, used, rule, wanted, arrays.size);
    used = wanted;
  }
  const std::size_t count = arrays.arrays.size();
  segments.clear();
  if (!is_bare(method)) {
    for (std::size_t i = 0; i < count; ++i) {
      segments.push_back({arrays.arrays[i].size(), around_array(method, i)});
    }
  }
  if (another_group) {
    progress.batches = 0;
    progress.weight = progress.loss = 0;
    sum = accumulates() ? Buffer<T>(arrays.size) : Buffer<T>();
  }
  norm.clear();
  if (method.clip_norm == __builtin_inf()) return;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t rows = inputs.empty() || inputs[i] == 0 ? 1 : inputs[i];
    if (!around_array(method, i).frozen) norm.add_matrix(i, 0, rows, arrays.arrays[i].size() / rows);
  }
  norm.allocate();
}

template <class T>
void Optimizer<T>::State::begin_average() {
  progress.averaged = 0;
  average = averages() ? Buffer<T>(arrays.size) : Buffer<T>();
  for (std::size_t i = 0; i < arrays.arrays.size() && averages(); ++i) {
    add_velocity(average.data() + arrays.offsets[i], i, -velocity_factor(method, i));
  }
}

template <class T>
T Optimizer<T>::State::velocity_factor(const Method& chosen, std::size_t array) const {
  const Around around = around_array(chosen, array);
  if (velocity_of(largest_of(chosen)) < 0 || around.frozen) return 0;
  return static_cast<T>(look_ahead(chosen, progress.steps + 1)) * static_cast<T>(around.scale);
}

template <class T>
void Optimizer<T>::State::add_velocity(T* out, std::size_t array, T factor_of_v) const {
  const std::span<T> w = arrays.arrays[array];
  if (factor_of_v == 0) {
    if (out != w.data()) std::copy(w.begin(), w.end(), out);
    return;
  }
  const FloatingPointScope modes;
  kernels<T>().add_scaled(out, w.data(), slot(velocity_of(rule), array), factor_of_v, w.size());
}

template <class T>
std::vector<std::string> Optimizer<T>::State::slot_names() const {
  std::vector<std::string> names = slot_names_of(rule);
  if (averages()) names.push_back("average");
  if (accumulates()) names.push_back("sum");
  return names;
}

template <class T>
T* Optimizer<T>::State::named_slot(std::size_t place, std::size_t array) const {
  if (place < slot_count()) return slot(static_cast<int>(place), array);
  const Buffer<T>& kept = averages() && place == slot_count() ? average : sum;
  return kept.data() + arrays.offsets[array];
}

template <class T>
Method Optimizer<T>::method() const {
  const ExclusiveCall call(state_->busy);
  return state_->method;
}

template <class T>
Progress Optimizer<T>::progress() const {
  const ExclusiveCall call(state_->busy);
  return state_->progress;
}

template <class T>
std::vector<std::string> Optimizer<T>::slot_names() const {
  const ExclusiveCall call(state_->busy);
  return state_->slot_names();
}

template <class T>
std::string Optimizer<T>::memory_name() const {
  const ExclusiveCall call(state_->busy);
  return memory_name_of(state_->rule);
}

template <class T>
void Optimizer<T>::get_slot(std::size_t slot, std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  const std::size_t count = state_->slot_names().size();
  if (slot >= count) throw ValueError("slot: there are only " + std::to_string(count));
  state_->arrays.check_size("slot " + std::to_string(slot) + ", array " + std::to_string(array) + ": ", array,
                            out.size());
  std::copy_n(state_->named_slot(slot, array), out.size(), out.data());
}

template <class T>
void Optimizer<T>::get_weights(std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  state_->arrays.check_size("array " + std::to_string(array) + ": ", array, out.size());
  state_->add_velocity(out.data(), array, -state_->velocity_factor(state_->method, array));
}

template <class T>
void Optimizer<T>::get_average(std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  if (!state_->averages()) throw ValueError("average: the method has none, as average_decay is 0");
  state_->arrays.check_size("array " + std::to_string(array) + ": ", array, out.size());
  std::copy_n(state_->average.data() + state_->arrays.offsets[array], out.size(), out.data());
}

namespace {

void check_count(const std::string& what, std::size_t expected, std::size_t got) {
  if (got == expected) return;
  throw ValueError("state: expected " + std::to_string(expected) + " " + what + ", got " +
                   std::to_string(got));
}

}  // namespace

template <class T>
void Optimizer<T>::set_state(const Progress& progress,
                             const std::vector<std::vector<std::span<const T>>>& values) {
  State& s = *state_;
  const ExclusiveCall call(s.busy);
  const std::size_t count = s.slot_names().size();
  check_count("slots", count, values.size());
  for (std::size_t slot = 0; slot < count; ++slot) {
    check_count("arrays in slot " + std::to_string(slot), s.arrays.arrays.size(), values[slot].size());
    for (std::size_t i = 0; i < s.arrays.arrays.size(); ++i) {
      const std::string name = "state: slot " + std::to_string(slot) + ", array " + std::to_string(i) + ": ";
      s.arrays.check_size(name, i, values[slot][i].size());
    }
  }
  if (progress.batches >= s.method.accumulate) {
    throw ValueError("state: expected fewer than " + std::to_string(s.method.accumulate) +
                     " batches since the last step, got " + std::to_string(progress.batches));
  }
  s.progress = progress;
  for (std::size_t slot = 0; slot < count; ++slot) {
    for (std::size_t i = 0; i < s.arrays.arrays.size(); ++i) {
      std::copy_n(values[slot][i].data(), values[slot][i].size(), s.named_slot(slot, i));
    }
  }
}

template struct Optimizer<float>::State;
template struct Optimizer<double>::State;
#define FANIN_INSTANTIATE(T)                                                          \
  template Method Optimizer<T>::method() const;                                       \
  template Progress Optimizer<T>::progress() const;                                   \
  template std::vector<std::string> Optimizer<T>::slot_names() const;                 \
  template std::string Optimizer<T>::memory_name() const;                             \
  template void Optimizer<T>::get_slot(std::size_t, std::size_t, std::span<T>) const; \
  template void Optimizer<T>::get_weights(std::size_t, std::span<T>) const;           \
  template void Optimizer<T>::get_average(std::size_t, std::span<T>) const;           \
  template void Optimizer<T>::set_state(const Progress&, const std::vector<std::vector<std::span<const T>>>&);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)

}  // namespace fanin
