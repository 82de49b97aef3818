#include "fanin/network.hpp"

#include "base/panel_rows.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/checks.hpp"
#include "data/gather.hpp"
#include "data/operands.hpp"
#include "data/orders.hpp"
#include "data/sample_weights.hpp"
#include "network/metadata.hpp"
#include "network/model.hpp"

namespace fanin {

template <class T>
Network<T>::Network(std::size_t inputs, std::vector<Layer> layers, Loss loss, std::uint64_t seed)
    : state_(std::make_unique<State>(inputs, std::move(layers), loss, seed, InputLayer(layers))) {
  if (state_->laid_out()) state_->initialize(seed);
  state_->fold();
}

template <class T>
Network<T>::Network(std::unique_ptr<State> state) : state_(std::move(state)) {}

template <class T>
Network<T>::~Network() = default;
template <class T>
Network<T>::Network(Network&&) noexcept = default;
template <class T>
Network<T>& Network<T>::operator=(Network&&) noexcept = default;

template <class T>
Network<T> Network<T>::copy() const {
  const State& from = *state_;
  const Access::Reading reading(from.access);
  auto to = std::make_unique<State>(from.inputs, from.layers, from.loss, from.seed, from.input_layer);
  to->metadata = from.metadata;
  to->column_names = from.column_names;
  to->vector_targets = from.vector_targets;
  to->parameters = from.parameters;
  to->statistics = from.statistics;
  to->epochs = from.epochs;
  to->state = from.state;
  if (const auto owner = from.solver.owner()) to->solver.set(*owner, from.solver.memory());
  to->fold();
  return Network(std::move(to));
}

template <class T>
std::size_t Network<T>::inputs() const {
  return state_->inputs;
}
template <class T>
std::size_t Network<T>::outputs() const {
  return state_->outputs;
}
template <class T>
std::size_t Network<T>::parameters() const {
  const Access::Reading reading(state_->access);
  state_->check_laid_out();
  return state_->nodes.table.elements();
}
template <class T>
const std::vector<Layer>& Network<T>::layers() const {
  return state_->layers;
}
template <class T>
const Loss& Network<T>::loss() const {
  return state_->loss;
}
template <class T>
std::uint64_t Network<T>::seed() const {
  return state_->seed;
}
template <class T>
std::optional<Method> Network<T>::method() const {
  const Access::Reading reading(state_->access);
  return state_->state.owner;
}
template <class T>
std::optional<WholeBatch> Network<T>::solver() const {
  const Access::Reading reading(state_->access);
  return state_->solver.owner();
}
template <class T>
std::uint64_t Network<T>::epochs() const {
  const Access::Reading reading(state_->access);
  return state_->epochs;
}
template <class T>
std::map<std::string, std::string> Network<T>::metadata() const {
  const Access::Reading reading(state_->access);
  return state_->metadata;
}
template <class T>
void Network<T>::set_metadata(std::map<std::string, std::string> metadata) {
  check_metadata(metadata);
  const Access::Writing writing(state_->access);
  state_->metadata = std::move(metadata);
}
template <class T>
ColumnNames Network<T>::column_names() const {
  const Access::Reading reading(state_->access);
  return state_->column_names;
}
template <class T>
void Network<T>::set_column_names(ColumnNames names) {
  check_column_names(names, inputs(), outputs());
  const Access::Writing writing(state_->access);
  state_->column_names = std::move(names);
}
template <class T>
bool Network<T>::vector_targets() const {
  const Access::Reading reading(state_->access);
  return state_->vector_targets;
}
template <class T>
void Network<T>::set_vector_targets(bool vector) {
  const Access::Writing writing(state_->access);
  state_->vector_targets = vector;
}
template <class T>
std::vector<std::int32_t> Network<T>::classes(const Targets& y, std::string_view argument) const {
  check_targets<T>(y, {}, rows_of_targets(y), outputs(), loss());
  return classes_of(y, loss(), outputs(), argument);
}

namespace {

ParameterArray array_named(const ParameterTable& table, std::string_view name) {
  std::string known;
  for (const ParameterArray& array : table.in_order()) {
    if (array.name() == name) return array;
    known += (known.empty() ? "" : ", ") + array.name();
  }
  throw ValueError("name: expected one of " + known + ", got \"" + std::string(name) + "\"");
}

template <class T>
void check_count(const ParameterArray& array, std::span<T> values) {
  const std::size_t got = values.size();
  if (is_null(values)) throw ValueError(array.name() + ": " + kNullPointer);
  if (got == array.elements()) return;
  throw ValueError(
      array.name() + ": expected " +
      (array.is_vector() ? std::to_string(array.columns) : shape_text(array.rows, array.columns)) +
      " elements, got " + std::to_string(got));
}

template <class T>
void check_values(const ParameterArray& array, std::span<const T> values) {
  check_count(array, values);
  const std::size_t bad = find_not_finite(values.data(), values.size());
  if (bad < values.size()) {
    throw ValueError(array.name() + ": row " + std::to_string(bad / array.columns) + ", column " +
                     std::to_string(bad % array.columns) + " is " +
                     number_text(static_cast<double>(values[bad])) + "; every value must be finite");
  }
  for (const T value : values) {
    if (array.role != Role::variance || value >= 0) continue;
    throw ValueError(array.name() + ": expected numbers of at least 0, got " +
                     number_text(static_cast<double>(value)));
  }
}

// Copies an array from panels to row-major values
template <class T>
void read(const T* buffer, const ParameterArray& array, std::span<T> out) {
  for_each_run(Panels<const T>{buffer + array.offset, array.rows, array.columns}, out.data(),
               [](const T* from, T* to, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
}

template <class T>
void write(T* buffer, const ParameterArray& array, std::span<const T> values) {
  for_each_run(Panels<T>{buffer + array.offset, array.rows, array.columns}, values.data(),
               [](T* to, const T* from, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
}

}  // namespace

template <class T>
void Network<T>::State::get_array(const ParameterArray& array, std::span<T> out) const {
  read(weights(), array, out);
}

template <class T>
void Network<T>::State::set_array(const ParameterArray& array, std::span<const T> values) {
  if (is_statistic(array.role)) return write(statistics.values().data(), array, values);
  write(shown(), array, values);
  const std::size_t end = array.offset + Panels<T>{nullptr, array.rows, array.columns}.size();
  state.trained_from_shown(parameters.data(), nodes.table, {array.offset, end});
}

template <class T>
void Network<T>::State::start_at_base_rates(std::span<const T> biases) {
  if (biases.empty() || epochs > 0) return;
  const ParameterArray& of_outputs = nodes.table.trained.back();
  const T* const now = weights() + of_outputs.offset;
  if (std::all_of(now, now + of_outputs.columns, [](T bias) { return bias == 0; })) {
    set_array(of_outputs, biases);
  }
}

template <class T>
void Network<T>::check(const Samples& x, const Targets& y, SampleWeights weights) const {
  if (rows_of(x) == 0) throw ValueError("X: expected at least one row, got none");
  check_data<T>(x, y, weights, inputs(), outputs(), loss(), state_->input_layer, state_->nodes.over);
}

template <class T>
std::vector<ArrayShape> Network<T>::arrays() const {
  const Access::Reading reading(state_->access);
  state_->check_laid_out();
  std::vector<ArrayShape> shapes;
  for (const ParameterArray& array : state_->nodes.table.in_order()) {
    shapes.push_back({array.name(), array.rows, array.columns, array.is_vector(), !is_statistic(array.role)});
  }
  return shapes;
}

template <class T>
std::vector<std::string> Network<T>::trained_names() const {
  const Access::Reading reading(state_->access);
  std::vector<std::string> names;
  for (const ParameterArray& array : state_->nodes.table.trained) names.push_back(array.name());
  return names;
}

template <class T>
void Network<T>::get_array(std::string_view name, std::span<T> out, Weights which) const {
  state_->check_laid_out();
  const ParameterArray array = array_named(state_->nodes.table, name);
  check_count(array, out);
  const Access::Reading reading(state_->access);
  Buffer<T> room;
  const bool statistic = is_statistic(array.role);
  read<T>(statistic ? state_->statistics.values().data() : state_->weights(which, room), array, out);
}

template <class T>
void Network<T>::set_array(std::string_view name, std::span<const T> values) {
  state_->check_laid_out();
  const ParameterArray array = array_named(state_->nodes.table, name);
  check_values(array, values);
  const Access::Writing writing(state_->access);
  state_->set_array(array, values);
  state_->solver.forget();
  state_->fold();
}

template <class T>
void Network<T>::set_arrays(const std::vector<std::span<const T>>& values) {
  state_->check_laid_out();
  const std::vector<ParameterArray> arrays = state_->nodes.table.in_order();
  if (values.size() != arrays.size()) {
    throw ValueError("values: expected " + std::to_string(arrays.size()) + " arrays, got " +
                     std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) check_values(arrays[i], values[i]);
  const Access::Writing writing(state_->access);
  for (std::size_t i = 0; i < arrays.size(); ++i) state_->set_array(arrays[i], values[i]);
  state_->solver.forget();
  state_->fold();
}

template class Network<float>;
template class Network<double>;

}  // namespace fanin
