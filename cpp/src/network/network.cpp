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
  const Use::Reading hold(from.use);
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
  for (const LayerLayout& layer : state_->layout.layers) {
    sum += ((layer.dense ? layer.inputs : 0) + (layer.batch_norm ? 2 : 1)) * layer.units;
  }
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
  const Use::Reading hold(state_->use);
  return state_->state.owner;
}
template <class T>
std::uint64_t Network<T>::epochs() const {
  const Use::Reading hold(state_->use);
  return state_->epochs;
}
template <class T>
std::map<std::string, std::string> Network<T>::metadata() const {
  const Use::Reading hold(state_->use);
  return state_->metadata;
}
template <class T>
void Network<T>::set_metadata(std::map<std::string, std::string> metadata) {
  check_metadata(metadata);
  const Use::Writing hold(state_->use);
  state_->metadata = std::move(metadata);
}

namespace {

// of a batch norm by itself: none
template <class T>
Panels<T> weights_of(T* parameters, const LayerLayout& shape) {
  return {parameters + shape.weights, shape.dense ? shape.inputs : 0, shape.units};
}

// The stage of a layer, which a dropout has none of
template <class T>
const LayerLayout* existing_layer(const Layout<T>& layout, std::size_t layer) {
  if (layer <= layout.layers.back().number) return layout.stage_of(layer);
  throw ValueError("layer: expected 0.." + std::to_string(layout.layers.back().number) + ", got " +
                   std::to_string(layer));
}

// A dropout has nothing to set or get
const LayerLayout kNothing{0, false, 0, 0, 0, 0, 0, false, {}, 0, 0, 0, {}};

template <class T>
const LayerLayout& checked_layer(const Layout<T>& layout, std::size_t layer, std::size_t weights,
                                 std::size_t biases) {
  const LayerLayout* stage = existing_layer(layout, layer);
  const LayerLayout& shape = stage != nullptr ? *stage : kNothing;
  const std::size_t inputs = shape.dense ? shape.inputs : 0;
  if (weights != inputs * shape.units) {
    throw ValueError("weights: expected " + shape_text(inputs, shape.units) + " elements, got " +
                     std::to_string(weights));
  }
  if (biases != shape.units) {
    throw ValueError("biases: expected " + std::to_string(shape.units) + " elements, got " +
                     std::to_string(biases));
  }
  return shape;
}

template <class T>
const LayerLayout& normalized_layer(const Layout<T>& layout, std::size_t layer, std::size_t gamma,
                                    std::size_t mean, std::size_t variance) {
  const LayerLayout* stage = existing_layer(layout, layer);
  const LayerLayout& shape = stage != nullptr ? *stage : kNothing;
  if (!shape.batch_norm) {
    throw ValueError("layer: expected one with batch norm, got layer " + std::to_string(layer));
  }
  const auto check = [&](const char* name, std::size_t size) {
    if (size == shape.units) return;
    throw ValueError(std::string(name) + ": expected " + std::to_string(shape.units) + " elements, got " +
                     std::to_string(size));
  };
  check("gamma", gamma);
  check("mean", mean);
  check("variance", variance);
  return shape;
}

template <class T>
void check_weights(const std::string& name, const T* values, std::size_t rows, std::size_t columns) {
  const std::size_t bad = find_not_finite(values, rows * columns);
  if (bad == rows * columns) return;
  throw ValueError(name + ": row " + std::to_string(bad / columns) + ", column " +
                   std::to_string(bad % columns) + " is " + number_text(static_cast<double>(values[bad])) +
                   "; every value must be finite");
}

}  // namespace

template <class T>
void Network<T>::get_weights(std::size_t layer, std::span<T> weights, std::span<T> biases,
                             Weights which) const {
  const LayerLayout& shape = checked_layer(state_->layout, layer, weights.size(), biases.size());
  const Use::Reading hold(state_->use);
  Buffer<T> room;
  const T* parameters = state_->weights(which, room);
  for_each_run(weights_of(parameters, shape), weights.data(),
               [](const T* from, T* to, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
  std::memcpy(biases.data(), parameters + shape.biases, biases.size_bytes());
}

template <class T>
void Network<T>::set_weights(std::size_t layer, std::span<const T> weights, std::span<const T> biases) {
  const LayerLayout& shape = checked_layer(state_->layout, layer, weights.size(), biases.size());
  check_weights("weights", weights.data(), shape.dense ? shape.inputs : 0, shape.units);
  check_weights("biases", biases.data(), 1, shape.units);
  const Use::Writing hold(state_->use);
  RuleState<T>& rule = state_->state;
  T* parameters = rule.shows() ? rule.shown.data() : state_->parameters.data();
  for_each_run(weights_of(parameters, shape), weights.data(),
               [](T* to, const T* from, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
  std::memcpy(parameters + shape.biases, biases.data(), biases.size_bytes());
  rule.follow(state_->parameters.data(), shape.weights, shape.biases + Layout<T>::rounded(shape.units));
  state_->changed();
}

template <class T>
void Network<T>::get_batch_norm(std::size_t layer, std::span<T> gamma, std::span<T> mean,
                                std::span<T> variance, Weights which) const {
  const LayerLayout& shape =
      normalized_layer(state_->layout, layer, gamma.size(), mean.size(), variance.size());
  const Use::Reading hold(state_->use);
  Buffer<T> room;
  std::memcpy(gamma.data(), state_->weights(which, room) + shape.gamma, gamma.size_bytes());
  std::memcpy(mean.data(), state_->averages.mean(shape), mean.size_bytes());
  std::memcpy(variance.data(), state_->averages.variance(shape), variance.size_bytes());
}

template <class T>
void Network<T>::set_batch_norm(std::size_t layer, std::span<const T> gamma, std::span<const T> mean,
                                std::span<const T> variance) {
  const LayerLayout& shape =
      normalized_layer(state_->layout, layer, gamma.size(), mean.size(), variance.size());
  check_weights("gamma", gamma.data(), 1, shape.units);
  check_weights("mean", mean.data(), 1, shape.units);
  check_weights("variance", variance.data(), 1, shape.units);
  for (const T v : variance) {
    if (v < 0) {
      throw ValueError("variance: expected numbers of at least 0, got " +
                       number_text(static_cast<double>(v)));
    }
  }
  const Use::Writing hold(state_->use);
  RuleState<T>& rule = state_->state;
  T* parameters = rule.shows() ? rule.shown.data() : state_->parameters.data();
  std::memcpy(parameters + shape.gamma, gamma.data(), gamma.size_bytes());
  rule.follow(state_->parameters.data(), shape.gamma, shape.gamma + Layout<T>::rounded(shape.units));
  std::memcpy(state_->averages.mean(shape), mean.data(), mean.size_bytes());
  std::memcpy(state_->averages.variance(shape), variance.data(), variance.size_bytes());
  state_->changed();
}

template class Network<float>;
template class Network<double>;

}  // namespace fanin
