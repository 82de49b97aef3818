#include "rules/optimizer_state.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fanin {

namespace {

// An array of weights has a row for each input, an array of biases has one row. If `inputs` is empty, all
// arrays are weights.
template <class T>
ParameterTable table_of(const BorrowedArrays<T>& arrays, const std::vector<std::size_t>& inputs) {
  if (!inputs.empty() && inputs.size() != arrays.arrays.size()) {
    throw ValueError("inputs: expected a number for each of the " + std::to_string(arrays.arrays.size()) +
                     " arrays, got " + std::to_string(inputs.size()));
  }
  ParameterTable table;
  table.size = arrays.size;
  for (std::size_t i = 0; i < arrays.arrays.size(); ++i) {
    const bool biases = !inputs.empty() && inputs[i] == 0;
    const std::size_t size = arrays.arrays[i].size(), rows = inputs.empty() || biases ? 1 : inputs[i];
    if (size % rows != 0) {
      throw ValueError("inputs: array " + std::to_string(i) + " of " + std::to_string(size) +
                       " values cannot be split into rows for " + std::to_string(rows) + " inputs");
    }
    table.trained.push_back(
        {i, {}, biases ? Role::bias : Role::weight, rows, size / rows, arrays.offsets[i]});
  }
  return table;
}

}  // namespace

template <class T>
Optimizer<T>::State::State(const Method& chosen, std::vector<std::span<T>> borrowed,
                           const std::vector<std::size_t>& inputs)
    : arrays(std::move(borrowed)), knows_inputs(!inputs.empty()), table(table_of(arrays, inputs)) {
  check(chosen);
  take(chosen);
}

template <class T>
void Optimizer<T>::State::check(const Method& chosen) const {
  check_method(chosen);
  check_arrays(chosen, arrays.arrays.size());
  if (spans_fit(chosen)) {
    throw ValueError("steps: expected the number of steps of the schedule, because an optimizer has no end");
  }
  if (chosen.fan_in_power > 0 && !knows_inputs) {
    throw ValueError("fan_in_power: expected 0, because the numbers of inputs are not given");
  }
  if (traits_of(chosen.rule).whole_matrices && !knows_inputs) {
    throw ValueError("inputs: expected a number for each array, because " + std::string(chosen.rule.name()) +
                     " steps whole matrices, got none");
  }
}

template <class T>
void Optimizer<T>::State::take(const Method& chosen) {
  const std::size_t count = table.trained.size(), before = state.owner ? method().accumulate : 1;
  state.reserve(chosen, table);
  const bool averages = fanin::averages(chosen), begins_average = averages != state.averaging,
             regroups = chosen.accumulate != before;
  Buffer<T> new_average = begins_average && averages ? Buffer<T>(table.size) : Buffer<T>();
  Buffer<T> new_sum = regroups && chosen.accumulate > 1 ? Buffer<T>(table.size) : Buffer<T>();
  SquaredNorm<T> new_norm = norm_for(chosen);
  Matrices<T> new_matrices;
  new_matrices.plan(chosen, table, false);
  std::vector<char> moves(count, 0);  // arrays that move to another look-ahead point
  // Nothing below throws.
  for (std::size_t i = 0; i < count && state.owner; ++i) {
    const std::span<T> w = arrays.arrays[i];
    moves[i] = state.looks_elsewhere(chosen, table, i);
    if (moves[i]) state.convert(Direction::to_shown, w.data(), w.data(), table, i, w.size());
  }
  state.take(chosen, table);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<T> w = arrays.arrays[i];
    if (moves[i]) state.convert(Direction::to_trained, w.data(), w.data(), table, i, w.size());
  }
  if (begins_average) begin_average(std::move(new_average));
  if (regroups) {
    batches = 0;
    weight = loss = 0;
    sum = std::move(new_sum);
  }
  norm = std::move(new_norm);
  matrices = std::move(new_matrices);
}

template <class T>
SquaredNorm<T> Optimizer<T>::State::norm_for(const Method& chosen) const {
  SquaredNorm<T> of_arrays;
  if (chosen.clip_norm == __builtin_inf()) return of_arrays;
  for (std::size_t i = 0; i < table.trained.size(); ++i) {
    const ParameterArray& array = table.trained[i];
    if (!is_frozen(chosen, i)) of_arrays.add_matrix(i, 0, array.rows, array.columns);
  }
  of_arrays.allocate();
  return of_arrays;
}

template <class T>
void Optimizer<T>::State::begin_average(Buffer<T> average) {
  state.shown = std::move(average);
  for (std::size_t i = 0; i < table.trained.size() && state.averaging; ++i) {
    const std::span<T> w = arrays.arrays[i];
    state.convert(Direction::to_shown, state.shown.data() + arrays.offsets[i], w.data(), table, i, w.size());
  }
}

template <class T>
std::vector<std::string> Optimizer<T>::State::slot_names() const {
  std::vector<std::string> names = slot_names_of(largest_of(method()));
  if (state.averaging) names.push_back("average");
  if (accumulates()) names.push_back("sum");
  return names;
}

template <class T>
T* Optimizer<T>::State::named_slot(std::size_t place, std::size_t array) const {
  const auto slots = static_cast<std::size_t>(state.used.count);
  if (place < slots) return state.slot(static_cast<int>(place), table.trained[array]);
  return (state.averaging && place == slots ? state.shown : sum).data() + arrays.offsets[array];
}

template <class T>
Method Optimizer<T>::method() const {
  const ExclusiveCall call(state_->busy);
  return state_->method();
}

template <class T>
Progress Optimizer<T>::progress() const {
  const ExclusiveCall call(state_->busy);
  const State& s = *state_;
  return {s.state.steps, s.state.memory, s.state.averaged, s.batches, s.weight, s.loss};
}

template <class T>
std::vector<std::string> Optimizer<T>::slot_names() const {
  const ExclusiveCall call(state_->busy);
  return state_->slot_names();
}

template <class T>
std::string Optimizer<T>::memory_name() const {
  const ExclusiveCall call(state_->busy);
  return traits_of(state_->rule()).memory_name;
}

template <class T>
void Optimizer<T>::get_slot(std::size_t slot, std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  const std::size_t count = state_->slot_names().size();
  if (slot >= count) throw ValueError("slot: there are only " + std::to_string(count));
  state_->arrays.check_output("slot " + std::to_string(slot) + ", array " + std::to_string(array) + ": ",
                              array, out);
  std::copy_n(state_->named_slot(slot, array), out.size(), out.data());
}

template <class T>
void Optimizer<T>::get_weights(std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  state_->arrays.check_output("array " + std::to_string(array) + ": ", array, out);
  state_->state.convert(Direction::to_shown, out.data(), state_->arrays.arrays[array].data(), state_->table,
                        array, out.size());
}

template <class T>
void Optimizer<T>::get_average(std::size_t array, std::span<T> out) const {
  const ExclusiveCall call(state_->busy);
  if (!state_->state.averaging)
    throw ValueError("average: the method has none, because average_decay and average_share are 0");
  state_->arrays.check_output("array " + std::to_string(array) + ": ", array, out);
  std::copy_n(state_->state.shown.data() + state_->arrays.offsets[array], out.size(), out.data());
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
      s.arrays.check_values(name, i, values[slot][i]);
    }
  }
  if (progress.batches >= s.method().accumulate) {
    throw ValueError("state: expected fewer than " + std::to_string(s.method().accumulate) +
                     " batches since the last step, got " + std::to_string(progress.batches));
  }
  s.state.steps = progress.steps;
  s.state.memory = progress.memory;
  s.state.averaged = progress.averaged;
  s.batches = progress.batches;
  s.weight = progress.weight;
  s.loss = progress.loss;
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
#undef FANIN_INSTANTIATE

}  // namespace fanin
