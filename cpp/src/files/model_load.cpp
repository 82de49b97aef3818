// A model from a safetensors file. Memory is limited to a small multiple of the file's size: the tensors that
// the architecture needs are checked before anything is built from them.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/panel_rows.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "data/checks.hpp"
#include "files/model_file.hpp"
#include "files/safetensors.hpp"
#include "files/table_encoder_file.hpp"
#include "network/metadata.hpp"
#include "plan/normalizer.hpp"
#include "tables/input_code.hpp"
#include "tables/layout.hpp"

namespace fanin {
namespace {

void read_initial_arrays(Description& description, Tensors& tensors) {
  for (const InitialArray& array : initial_arrays(description.inputs, description.layers)) {
    const safetensors::Tensor& tensor = tensors.take(array.name, array.shape, nullptr);
    if (tensor.type == "F32") {
      const std::vector<float> values = tensors.read<float>(tensor);
      array.values->array.assign(values.begin(), values.end());
    } else {
      array.values->array = tensors.read<double>(tensor);
    }
  }
}

void check_adapted(const Adapted& adapted, const InputLayer& layer, std::size_t columns) {
  const auto refuse = [](const std::string& message) { throw FormatError("adapted: " + message); };
  if (!layer.exists) refuse("the model has no input layer");
  if (!layer.indicates && !adapted.indicators.empty()) refuse("indicators: expected none");
  std::size_t least = 0;
  for (const std::uint32_t column : adapted.indicators) {
    if (column < least || column >= columns) refuse("indicators: expected ascending columns of X");
    least = std::size_t{column} + 1;
  }
  if (layer.codes) return;
  if (!adapted.encoder.empty()) refuse("encoder: expected none");
  const std::size_t others = adapted.indicators.size(), most = layer.widths(columns).outputs + others;
  if (adapted.outputs == most || (layer.share && adapted.outputs > others && adapted.outputs < most)) return;
  refuse("outputs: expected " + std::to_string(most) + ", got " + std::to_string(adapted.outputs));
}

TableEncoder read_code(const Description& description, Tensors& tensors) {
  const json::Document document("adapted.encoder", description.adapted->encoder);
  const safetensors::Tensor& numbers =
      tensors.take(learned_name(kEncoderTensor), {count_encoder_numbers(document.root())}, "F64");
  TableEncoder encoder = read_encoder(document.root(), tensors.read<double>(numbers));
  check_code(encoder, description.layers, description.inputs);
  if (columns_of(encoder) == description.adapted->outputs) return encoder;
  throw FormatError("adapted: outputs: expected " + std::to_string(columns_of(encoder)) + ", got " +
                    std::to_string(description.adapted->outputs));
}

InputLayer read_input_layer(const Description& description, Tensors& tensors) {
  InputLayer layer(description.layers);
  if (!description.adapted) return layer;
  const std::size_t columns = description.inputs;
  check_adapted(*description.adapted, layer, columns);
  using Shape = std::vector<std::uint64_t>;
  std::vector<const safetensors::Tensor*> found;
  layer.map = layer.new_map(columns, description.adapted->indicators, description.adapted->outputs);
  InputMap::arrays(layer.map, [&](const char* name, const std::vector<double>&, const Shape& shape) {
    found.push_back(&tensors.take(learned_name(name), shape, "F64"));
  });
  layer.map.condition = description.adapted->condition;
  if (layer.codes) layer.map.encoder = read_code(description, tensors);
  layer.map.allocate();
  std::size_t next = 0;
  InputMap::arrays(layer.map, [&](const char* name, std::vector<double>& values, const Shape&) {
    const std::vector<double> read = tensors.read<double>(*found[next++]);
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (std::isfinite(read[i])) continue;
      throw FormatError("tensor \"" + learned_name(name) + "\": element " + std::to_string(i) + " is " +
                        number_text(read[i]));
    }
    std::copy(read.begin(), read.end(), values.begin());
  });
  return layer;
}

template <class T>
void check_progress(const TrainingProgress& progress, const Nodes<T>& nodes) {
  constexpr std::uint64_t most = std::uint64_t{1} << 53;
  const auto refuse = [](const std::string& message) { throw FormatError("training: " + message); };
  if (progress.epochs >= most) refuse("epochs: expected fewer than 2^53");
  if (progress.averaged > progress.steps) refuse("averaged: expected at most the number of steps");
  if (progress.steps >= most) refuse("steps: expected fewer than 2^53");
  if (!(progress.look_ahead >= 0 && progress.look_ahead < 1)) {
    refuse("look_ahead: expected a number in [0, 1), got " + number_text(progress.look_ahead));
  }
  const std::vector<double>& weights = progress.statistics_weights;
  if (weights.size() != nodes.stages) {
    refuse("average_weights: expected one for each of " + std::to_string(nodes.stages) + " layers, got " +
           std::to_string(weights.size()));
  }
  std::vector<bool> corrected(nodes.stages);
  for (const Normalizer<T>* of : nodes.normalizers) corrected[of->stage] = of->norm.bias_correction;
  const std::vector<ParameterArray>& arrays = nodes.table.trained;
  std::size_t stage = 0;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (i > 0 && arrays[i].layer_name == arrays[i - 1].layer_name) continue;
    const double weight = weights[stage];
    const bool varies = corrected[stage++];
    if (varies ? weight >= 0 && weight <= 1 : weight == 1) continue;
    refuse("average_weights: layer " + std::to_string(arrays[i].layer + 1) + ": expected " +
           (varies ? "a number in [0, 1]" : "1") + ", got " + number_text(weight));
  }
  if (!progress.method) return;
  if (progress.solver) refuse("expected a method or a solver, got both");
  check_method(*progress.method);
  check_arrays(*progress.method, nodes.table.trained.size());
}

template <class T>
SolverMemory<T> read_memory(const SolverProgress& progress, std::size_t weights, Tensors& tensors) {
  SolverMemory<T> memory{progress.numbers, {}};
  if (progress.vectors > 0) {
    const std::vector<T> values =
        tensors.read<T>(tensors.take(kSolverTensor, {progress.vectors, weights}, tensor_type<T>()));
    for (auto from = values.begin(); from != values.end(); from += static_cast<std::ptrdiff_t>(weights)) {
      memory.vectors.emplace_back(from, from + static_cast<std::ptrdiff_t>(weights));
    }
  }
  try {
    check_whole_batch(progress.method);
    check_memory(progress.method.solver, memory, weights);
  } catch (const ValueError& error) {
    throw FormatError("training: solver: " + std::string(error.what()));
  }
  return memory;
}

template <class T>
void check_values(const StoredArray& array, const std::vector<T>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool variance = array.array.role == Role::variance;
    // a slot may have overflowed
    const bool good = array.place == Place::slots ? !std::isnan(values[i]) : std::isfinite(values[i]);
    if (good && (!variance || values[i] >= 0)) continue;
    const std::string place = array.array.is_vector()
                                  ? "element " + std::to_string(i)
                                  : "row " + std::to_string(i / array.array.columns) + ", column " +
                                        std::to_string(i % array.array.columns);
    throw FormatError("tensor \"" + array.name + "\": " + place + " is " +
                      number_text(static_cast<double>(values[i])));
  }
}

}  // namespace

template <class T>
Network<T> ModelFile::read(Description description, Tensors& tensors) {
  TrainingProgress& progress = description.progress;
  read_initial_arrays(description, tensors);
  InputLayer input_layer = read_input_layer(description, tensors);
  const Nodes<T> nodes(input_layer.widths(description.inputs), description.layers);
  checked_loss(description.loss, nodes.outputs());
  check_progress(progress, nodes);
  check_metadata(description.metadata);
  check_column_names(description.column_names, description.inputs, nodes.outputs());

  std::vector<StoredArray> arrays;  // none while the parameters are not laid out
  if (input_layer.has_widths()) arrays = stored_arrays(nodes.table, progress.method);
  std::vector<const safetensors::Tensor*> found;
  for (const StoredArray& array : arrays) {
    found.push_back(&tensors.take(array.name, shape_of(array.array), tensor_type<T>()));
  }

  auto state = std::make_unique<typename Network<T>::State>(description.inputs, std::move(description.layers),
                                                            description.loss, description.seed,
                                                            std::move(input_layer));
  state->metadata = std::move(description.metadata);
  state->column_names = std::move(description.column_names);
  state->vector_targets = description.vector_targets;
  state->epochs = progress.epochs;
  state->statistics.weights() = std::move(progress.statistics_weights);
  if (progress.method) {
    state->state.resume(*progress.method, state->nodes.table);
    state->state.steps = progress.steps;
    state->state.memory = progress.memory;
    state->state.averaged = progress.averaged;
  }
  if (progress.solver) {
    const std::size_t weights = state->laid_out() ? state->nodes.table.elements() : 0;
    state->solver.set(progress.solver->method, read_memory<T>(*progress.solver, weights, tensors));
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    std::vector<T> values = tensors.read<T>(*found[i]);
    check_values(arrays[i], values);
    T* to = base_of(*state, arrays[i].place) + arrays[i].offset;
    for_each_run(Panels<T>{to, arrays[i].array.rows, arrays[i].array.columns}, values.data(),
                 [](T* panel, const T* from, std::size_t n) { std::memcpy(panel, from, n * sizeof(T)); });
  }
  state->fold();
  return Network<T>(std::move(state));
}

namespace {

AnyNetwork read_any(const Source& source) {
  safetensors::Header header = safetensors::read_header(source);
  Description description = read_description(header.description);
  Tensors tensors(source, std::move(header.tensors));
  AnyNetwork network = description.single
                           ? AnyNetwork(ModelFile::read<float>(std::move(description), tensors))
                           : ModelFile::read<double>(std::move(description), tensors);
  tensors.finish();
  return network;
}

template <class T>
Network<T> of_type(AnyNetwork any, const std::string& name) {
  if (auto* network = std::get_if<Network<T>>(&any)) return std::move(*network);
  throw FormatError(name + ": expected a model in float" + std::to_string(sizeof(T) * 8) +
                    ", got one in float" + std::to_string(sizeof(T) == 4 ? 64 : 32));
}

}  // namespace

AnyNetwork load(const std::filesystem::path& path) {
  const std::string name = shown(path);
  return about_file(name, [&] { return read_any(FileSource(path)); });
}

AnyNetwork from_bytes(std::span<const std::byte> bytes) {
  return about_file("bytes", [&] { return read_any(MemorySource(bytes)); });
}

template <class T>
Network<T> Network<T>::load(const std::filesystem::path& path) {
  return of_type<T>(fanin::load(path), shown(path));
}

template <class T>
Network<T> Network<T>::from_bytes(std::span<const std::byte> bytes) {
  return of_type<T>(fanin::from_bytes(bytes), "bytes");
}

template <class T>
void Network<T>::take_from_first(Communicator& communicator) {
  const Ranks ranks(&communicator);
  if (!ranks.many()) return;
  std::vector<std::byte> bytes;
  ranks.check([&] {
    if (ranks.rank() == 0) bytes = to_bytes();
  });
  ranks.broadcast(bytes);
  ranks.check([&] {
    if (state_->training) throw BusyError("network: another training is under way");
    if (ranks.rank() > 0) *this = from_bytes(bytes);
  });
}

template void Network<float>::take_from_first(Communicator&);
template void Network<double>::take_from_first(Communicator&);
template Network<float> Network<float>::load(const std::filesystem::path&);
template Network<double> Network<double>::load(const std::filesystem::path&);
template Network<float> Network<float>::from_bytes(std::span<const std::byte>);
template Network<double> Network<double>::from_bytes(std::span<const std::byte>);

}  // namespace fanin
