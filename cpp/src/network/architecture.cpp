#include "network/architecture.hpp"

#include "base/field_check.hpp"
#include "base/text.hpp"
#include "fanin/error.hpp"

namespace fanin {

namespace {

void check_array(const std::string& owner, const Initializer& initializer, std::size_t size,
                 const std::string& shape) {
  const auto* values = std::get_if<Values>(&initializer);
  if (values == nullptr || values->array.size() == size) return;
  throw ValueError(owner + "array: expected " + shape + " elements, got " +
                   std::to_string(values->array.size()));
}

void check_initializers(const Dense& layer, std::size_t inputs, const std::string& text) {
  const std::string weights = text + "initializer: ", biases = text + "bias_initializer: ";
  check_array(weights, layer.initializer, inputs * layer.units, shape_text(inputs, layer.units));
  check_array(biases, layer.bias_initializer, layer.units, std::to_string(layer.units));
  if (std::holds_alternative<Sparse>(layer.bias_initializer)) {
    throw ValueError(biases + "sparse chooses among the weights of a unit, and a unit has one bias");
  }
  const auto* sparse = std::get_if<Sparse>(&layer.initializer);
  if (sparse == nullptr) return;
  if (sparse->connections > inputs) {
    throw ValueError(weights + "connections: expected at most " + std::to_string(inputs) +
                     ", the inputs of the layer, got " + std::to_string(sparse->connections));
  }
  if (inputs >= (std::uint64_t{1} << 32)) {
    throw ValueError(weights + "sparse: expected fewer than 2^32 inputs, got " + std::to_string(inputs));
  }
}

void check_dense(const Dense& layer, std::size_t inputs, const std::string& text) {
  check_initializers(layer, inputs, text);
  if (layer.batch_norm && !std::holds_alternative<Zeros>(layer.bias_initializer)) {
    throw ValueError(text +
                     "bias_initializer: a layer with batch norm has no biases, as its means take them away");
  }
}

// What may stand where
void check_order(const std::vector<Layer>& layers) {
  for (std::size_t i = 1; i < layers.size(); ++i) {
    if (std::holds_alternative<Dropout>(layers[i].kind) &&
        std::holds_alternative<Dropout>(layers[i - 1].kind)) {
      throw ValueError(layer_text(i) + "a Dropout follows a Dropout; expected one, with the rate of both");
    }
  }
  bool normalized = false;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool norm = std::holds_alternative<BatchNorm>(layers[i].kind);
    if (norm && normalized) {
      throw ValueError(layer_text(i) + "a BatchNorm follows a BatchNorm; expected one of them");
    }
    if (norm || std::holds_alternative<Dense>(layers[i].kind)) normalized = norm;
  }
  if (!std::holds_alternative<Dense>(layers.back().kind)) {
    throw ValueError(layer_text(layers.size() - 1) + "the last layer gives the outputs; expected a Dense");
  }
}

}  // namespace

void check_architecture(std::size_t inputs, const std::vector<Layer>& layers) {
  if (inputs == 0) throw ValueError("n_inputs: expected at least 1, got 0");
  if (layers.empty()) throw ValueError("layers: expected at least one layer, got none");
  // far beyond any memory, and far from where sizes in bytes wrap around
  constexpr double most_weights = 0x1p40;
  double weights = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string layer = layer_text(i);
    std::visit([&](const auto& kind) { kind.fields(kind, FieldCheck{layer}); }, layers[i].kind);
    const auto* dense = std::get_if<Dense>(&layers[i].kind);
    if (dense == nullptr) continue;
    const double columns = static_cast<double>(inputs);
    weights += (columns + 1) * static_cast<double>(dense->units);
    if (weights > most_weights || columns > most_weights) {
      throw ValueError(layer + "the network would have " + number_text(weights) + " weights, more than 2^40");
    }
    check_dense(*dense, inputs, layer);
    inputs = dense->units;
  }
  check_order(layers);
}

}  // namespace fanin
