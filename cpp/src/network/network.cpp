#include "fanin/network.hpp"

#include "base/panel_rows.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/checks.hpp"
#include "network/architecture.hpp"
#include "network/metadata.hpp"
#include "network/model.hpp"

namespace fanin {

template <class T>
Network<T>::Network(std::size_t inputs, std::vector<Layer> layers, Loss loss, std::uint64_t seed) {
  check_architecture(inputs, layers);
  check_loss(loss, std::get<Dense>(layers.back().kind).units);
  state_ = std::make_unique<State>(inputs, std::move(layers), loss, seed);
  initialize(state_->layers, state_->layout, seed, state_->parameters.data());
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
  auto to = std::make_unique<State>(from.layout.layers.front().inputs, from.layers, from.loss, from.seed);
  to->metadata = from.metadata;
  to->parameters = from.parameters;
  to->averages = from.averages;
  to->epochs = from.epochs;
  to->state = from.state;
  return Network(std::move(to));
}

template <class T>
std::size_t Network<T>::inputs() const {
  return state_->layout.layers.front().inputs;
}
template <class T>
std::size_t Network<T>::outputs() const {
  return state_->layout.layers.back().units;
}
template <class T>
std::size_t Network<T>::parameters() const {
  std::size_t sum = 0;
  for (const ParameterArray& array : state_->layout.table.trained) sum += array.elements();
  return sum;
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

namespace {

// The array of one of the layers with this role; without elements where there is none
ParameterArray array_of(const ParameterTable& table, std::size_t layer, Role role) {
  const ParameterArray* array = table.find(layer, role);
  return array != nullptr ? *array : ParameterArray{layer, role, 0, 0, 0};
}

// What a layer adds to its products: biases, or the shift of its batch norm
ParameterArray added_of(const ParameterTable& table, std::size_t layer) {
  return array_of(table, layer, table.find(layer, Role::bias) != nullptr ? Role::bias : Role::shift);
}

void check_layer(const std::vector<Layer>& layers, std::size_t layer) {
  if (layer < layers.size()) return;
  throw ValueError("layer: expected 0.." + std::to_string(layers.size() - 1) + ", got " +
                   std::to_string(layer));
}

void check_count(const std::string& name, const ParameterArray& array, std::size_t got) {
  if (got == array.elements()) return;
  throw ValueError(
      name + ": expected " +
      (array.is_vector() ? std::to_string(array.columns) : shape_text(array.rows, array.columns)) +
      " elements, got " + std::to_string(got));
}

template <class T>
void check_values(const std::string& name, const ParameterArray& array, std::span<const T> values) {
  check_count(name, array, values.size());
  const std::size_t bad = find_not_finite(values.data(), values.size());
  if (bad < values.size()) {
    throw ValueError(name + ": row " + std::to_string(bad / array.columns) + ", column " +
                     std::to_string(bad % array.columns) + " is " +
                     number_text(static_cast<double>(values[bad])) + "; every value must be finite");
  }
  for (const T value : values) {
    if (array.role != Role::variance || value >= 0) continue;
    throw ValueError(name + ": expected numbers of at least 0, got " +
                     number_text(static_cast<double>(value)));
  }
}

// Row-major values from the panels of an array
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
void Network<T>::State::set_array(const ParameterArray& array, std::span<const T> values) {
  if (is_statistic(array.role)) return write(averages.values().data(), array, values);
  write(shown(), array, values);
  const std::size_t end = array.offset + Panels<T>{nullptr, array.rows, array.columns}.size();
  state.trained_from_shown(parameters.data(), layout.table, {array.offset, end});
}

template <class T>
std::vector<ArrayShape> Network<T>::arrays() const {
  std::vector<ArrayShape> shapes;
  for (const ParameterArray& array : state_->layout.table.in_order()) {
    shapes.push_back({array.name(), array.rows, array.columns, array.is_vector(), !is_statistic(array.role)});
  }
  return shapes;
}

template <class T>
void Network<T>::get_array(std::size_t array, std::span<T> out, Weights which) const {
  const std::vector<ParameterArray> arrays = state_->layout.table.in_order();
  if (array >= arrays.size()) {
    throw ValueError("array: expected 0.." + std::to_string(arrays.size() - 1) + ", got " +
                     std::to_string(array));
  }
  check_count(arrays[array].name(), arrays[array], out.size());
  const Access::Reading reading(state_->access);
  Buffer<T> room;
  const bool statistic = is_statistic(arrays[array].role);
  read<T>(statistic ? state_->averages.values().data() : state_->weights(which, room), arrays[array], out);
}

template <class T>
void Network<T>::set_arrays(const std::vector<std::span<const T>>& values) {
  const std::vector<ParameterArray> arrays = state_->layout.table.in_order();
  if (values.size() != arrays.size()) {
    throw ValueError("values: expected " + std::to_string(arrays.size()) + " arrays, got " +
                     std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) check_values(arrays[i].name(), arrays[i], values[i]);
  const Access::Writing writing(state_->access);
  for (std::size_t i = 0; i < arrays.size(); ++i) state_->set_array(arrays[i], values[i]);
  state_->changed();
}

template <class T>
void Network<T>::get_weights(std::size_t layer, std::span<T> weights, std::span<T> biases,
                             Weights which) const {
  check_layer(state_->layers, layer);
  const ParameterTable& table = state_->layout.table;
  const ParameterArray weight = array_of(table, layer, Role::weight), added = added_of(table, layer);
  check_count("weights", weight, weights.size());
  check_count("biases", added, biases.size());
  const Access::Reading reading(state_->access);
  Buffer<T> room;
  const T* parameters = state_->weights(which, room);
  read(parameters, weight, weights);
  read(parameters, added, biases);
}

template <class T>
void Network<T>::set_weights(std::size_t layer, std::span<const T> weights, std::span<const T> biases) {
  check_layer(state_->layers, layer);
  const ParameterTable& table = state_->layout.table;
  const ParameterArray weight = array_of(table, layer, Role::weight), added = added_of(table, layer);
  check_values("weights", weight, weights);
  check_values("biases", added, biases);
  const Access::Writing writing(state_->access);
  state_->set_array(weight, weights);
  state_->set_array(added, biases);
  state_->changed();
}

namespace {

void check_normalizes(const std::vector<Layer>& layers, const ParameterTable& table, std::size_t layer) {
  check_layer(layers, layer);
  if (table.find(layer, Role::scale) != nullptr) return;
  throw ValueError("layer: expected one with batch norm, got layer " + std::to_string(layer));
}

}  // namespace

template <class T>
void Network<T>::get_batch_norm(std::size_t layer, std::span<T> gamma, std::span<T> mean,
                                std::span<T> variance, Weights which) const {
  const ParameterTable& table = state_->layout.table;
  check_normalizes(state_->layers, table, layer);
  check_count("gamma", array_of(table, layer, Role::scale), gamma.size());
  check_count("mean", array_of(table, layer, Role::mean), mean.size());
  check_count("variance", array_of(table, layer, Role::variance), variance.size());
  const Access::Reading reading(state_->access);
  Buffer<T> room;
  read(state_->weights(which, room), array_of(table, layer, Role::scale), gamma);
  read<T>(state_->averages.values().data(), array_of(table, layer, Role::mean), mean);
  read<T>(state_->averages.values().data(), array_of(table, layer, Role::variance), variance);
}

template <class T>
void Network<T>::set_batch_norm(std::size_t layer, std::span<const T> gamma, std::span<const T> mean,
                                std::span<const T> variance) {
  const ParameterTable& table = state_->layout.table;
  check_normalizes(state_->layers, table, layer);
  check_values("gamma", array_of(table, layer, Role::scale), gamma);
  check_values("mean", array_of(table, layer, Role::mean), mean);
  check_values("variance", array_of(table, layer, Role::variance), variance);
  const Access::Writing writing(state_->access);
  state_->set_array(array_of(table, layer, Role::scale), gamma);
  state_->set_array(array_of(table, layer, Role::mean), mean);
  state_->set_array(array_of(table, layer, Role::variance), variance);
  state_->changed();
}

template class Network<float>;
template class Network<double>;

}  // namespace fanin
