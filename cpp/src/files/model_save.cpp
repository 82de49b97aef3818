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
#include "files/table_encoder_file.hpp"
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
void write_rounded(const Sink& sink, const std::vector<double>& values) {
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
ModelFile::Writer<T>::Writer(const Network<T>& network)
    : net_(*network.state_),
      reading_(net_.access),
      description_{
          sizeof(T) == 4,    net_.seed,           net_.inputs,
          net_.layers,       net_.loss,           net_.metadata,
          net_.column_names, net_.vector_targets, {net_.epochs, net_.statistics.weights(), net_.state.owner},
          std::nullopt} {
  const RuleState<T>& rule = net_.state;
  if (rule.owner) {
    description_.progress.steps = rule.steps;
    description_.progress.memory = rule.memory;
    description_.progress.averaged = rule.averaged;
    description_.progress.look_ahead =
        static_cast<double>(static_cast<T>(look_ahead(*rule.owner, rule.steps + 1)));
  }
  if (const auto owner = net_.solver.owner()) {
    memory_ = net_.solver.memory();
    description_.progress.solver = SolverProgress{*owner, memory_.numbers, memory_.vectors.size()};
  }
  const InputMap& map = net_.input_layer.map;
  if (map.columns > 0) description_.adapted = Adapted{map.indicators, map.outputs, map.condition};
  if (map.encoder) {
    json::Writer out;
    write_encoder(out, encoder_numbers_, *map.encoder);
    description_.adapted->encoder = out.text();
  }
  initial_ = initial_arrays(description_.inputs, description_.layers);
  if (net_.laid_out()) arrays_ = stored_arrays(net_.nodes.table, rule.owner);
  for (const InitialArray& array : initial_) {
    tensors_.push_back({array.name, fits_float(array.values->array) ? "F32" : "F64", array.shape});
  }
  InputMap::arrays(map, [&](const char* name, const auto&, const std::vector<std::uint64_t>& shape) {
    tensors_.push_back({learned_name(name), "F64", shape});
  });
  if (map.encoder) tensors_.push_back({learned_name(kEncoderTensor), "F64", {encoder_numbers_.size()}});
  for (const StoredArray& array : arrays_) {
    tensors_.push_back({array.name, tensor_type<T>(), shape_of(array.array)});
  }
  if (!memory_.vectors.empty()) {
    const std::uint64_t rows = memory_.vectors.size(), columns = memory_.vectors[0].size();
    tensors_.push_back({kSolverTensor, tensor_type<T>(), {rows, columns}});
  }
}

template <class T>
void ModelFile::Writer<T>::write_values(const Sink& sink) const {
  for (std::size_t i = 0; i < initial_.size(); ++i) {
    const std::vector<double>& values = initial_[i].values->array;
    tensors_[i].type == "F32" ? write_rounded<float>(sink, values) : write_rounded<double>(sink, values);
  }
  InputMap::arrays(net_.input_layer.map, [&](const char*, const std::vector<double>& values,
                                             const std::vector<std::uint64_t>& shape) {
    sink(std::as_bytes(std::span(values).first(shape[0] * (shape.size() > 1 ? shape[1] : 1))));
  });
  sink(std::as_bytes(std::span(encoder_numbers_)));
  for (const StoredArray& array : arrays_) {
    const T* from = base_of(net_, array.place) + array.offset;
    write_array<T>(sink, {from, array.array.rows, array.array.columns});
  }
  for (const std::vector<T>& vector : memory_.vectors) sink(std::as_bytes(std::span(vector)));
}

template class ModelFile::Writer<float>;
template class ModelFile::Writer<double>;

namespace {

template <class T>
void write_network(const Network<T>& network, const Sink& sink) {
  const ModelFile::Writer<T> writer(network);
  const std::string header =
      safetensors::header_text(description_text(writer.description()), writer.tensors());
  sink(std::as_bytes(std::span(header)));
  writer.write_values(sink);
}

}  // namespace

template <class T>
void Network<T>::save(const std::filesystem::path& path) const {
  write_file(path, [&](const Sink& sink) { write_network(*this, sink); });
}

template <class T>
std::vector<std::byte> Network<T>::to_bytes() const {
  return bytes_written([&](const Sink& sink) { write_network(*this, sink); });
}

template void Network<float>::save(const std::filesystem::path&) const;
template void Network<double>::save(const std::filesystem::path&) const;
template std::vector<std::byte> Network<float>::to_bytes() const;
template std::vector<std::byte> Network<double>::to_bytes() const;

}  // namespace fanin
