// A model as a safetensors file.
#include <cstring>

#include "base/json_string.hpp"
#include "base/panel_rows.hpp"
#include "base/text.hpp"
#include "files/description.hpp"
#include "files/file.hpp"
#include "files/model_file.hpp"
#include "files/safetensors.hpp"
#include "files/stored.hpp"
#include "files/tensors.hpp"
#include "network/model.hpp"

namespace fanin {
namespace {

bool fits_float(const std::vector<double>& values) {
  for (const double value : values) {
    if (static_cast<double>(static_cast<float>(value)) != value) return false;
  }
  return true;
}

template <class T>
void write_values(const Sink& sink, const std::vector<double>& values) {
  const std::vector<T> rounded(values.begin(), values.end());
  sink(std::as_bytes(std::span(rounded)));
}

template <class T>
void write_array(const Sink& sink, const Panels<const T>& panels) {
  std::vector<T> row_major(panels.rows * panels.columns);
  for_each_run(panels, row_major.data(),
               [](const T* from, T* to, std::size_t n) { std::memcpy(to, from, n * sizeof(T)); });
  sink(std::as_bytes(std::span<const T>(row_major)));
}

}  // namespace

template <class T>
void ModelFile::write(const Network<T>& network, const Sink& sink) {
  const auto& net = *network.state_;
  const Access::Reading reading(net.access);
  const RuleState<T>& rule = net.state;
  Description description{
      sizeof(T) == 4,   net.seed,           net.inputs,
      net.layers,       net.loss,           net.metadata,
      net.column_names, net.vector_targets, {net.epochs, net.statistics.weights(), rule.owner},
      std::nullopt};
  if (rule.owner) {
    description.progress.steps = rule.steps;
    description.progress.memory = rule.memory;
    description.progress.averaged = rule.averaged;
    description.progress.look_ahead =
        static_cast<double>(static_cast<T>(look_ahead(*rule.owner, rule.steps + 1)));
  }
  const InputMap& map = net.input_layer.map;
  if (map.columns > 0) description.adapted = Adapted{map.indicators, map.outputs, map.condition};
  const std::vector<InitialArray> initial = initial_arrays(description.inputs, description.layers);
  const std::vector<StoredArray> arrays =
      net.laid_out() ? stored_arrays(net.nodes.table, rule.owner) : std::vector<StoredArray>{};
  std::vector<safetensors::Tensor> tensors;
  for (const InitialArray& array : initial) {
    tensors.push_back({array.name, fits_float(array.values->array) ? "F32" : "F64", array.shape});
  }
  InputMap::arrays(map, [&](const char* name, const auto&, const std::vector<std::uint64_t>& shape) {
    tensors.push_back({learned_name(name), "F64", shape});
  });
  for (const StoredArray& array : arrays) {
    tensors.push_back({array.name, tensor_type<T>(), shape_of(array.array)});
  }

  const std::string header = safetensors::header_text(description_text(description), tensors);
  sink(std::as_bytes(std::span(header)));
  for (std::size_t i = 0; i < initial.size(); ++i) {
    const std::vector<double>& values = initial[i].values->array;
    tensors[i].type == "F32" ? write_values<float>(sink, values) : write_values<double>(sink, values);
  }
  InputMap::arrays(
      map, [&](const char*, const std::vector<double>& values, const std::vector<std::uint64_t>& shape) {
        sink(std::as_bytes(std::span(values).first(shape[0] * (shape.size() > 1 ? shape[1] : 1))));
      });
  for (const StoredArray& array : arrays) {
    const T* from = base_of(net, array.place) + array.offset;
    write_array<T>(sink, {from, array.array.rows, array.array.columns});
  }
}

template <class T>
void Network<T>::save(const std::filesystem::path& path) const {
  write_file(path, [&](const Sink& sink) { ModelFile::write(*this, sink); });
}

template <class T>
std::vector<std::byte> Network<T>::to_bytes() const {
  std::vector<std::byte> all;
  ModelFile::write(
      *this, [&](std::span<const std::byte> bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); });
  return all;
}

template void Network<float>::save(const std::filesystem::path&) const;
template void Network<double>::save(const std::filesystem::path&) const;
template std::vector<std::byte> Network<float>::to_bytes() const;
template std::vector<std::byte> Network<double>::to_bytes() const;

}  // namespace fanin
