// A model of tables as a safetensors file: the tensors of the encoder, and those of each network, whose names
// begin with "member1.", "member2.", ...
#include "fanin/error.hpp"
#include "fanin/table_model.hpp"
#include "files/model_file.hpp"
#include "files/safetensors.hpp"
#include "files/table_encoder_file.hpp"

namespace fanin {
namespace {

std::string member_name(std::size_t m) { return "member" + std::to_string(m + 1) + "."; }

void write_task(json::Writer& out, const TableTask& task) {
  out.key("labels").begin_array();
  for (const std::string& label : task.labels) out.string(label);
  out.end_array().key("targets").begin_array();
  for (const TargetScale& target : task.targets) {
    out.begin_object().key("mean").number(target.mean).key("scale").number(target.scale);
    out.key("low").number(target.low).key("high").number(target.high).end_object();
  }
  out.end_array();
}

TableTask read_task(json::Object& object) {
  TableTask task;
  for (const json::Value& label : object.at("labels").elements()) task.labels.push_back(label.string());
  for (const json::Value& value : object.at("targets").elements()) {
    json::Object target(value);
    task.targets.push_back({target.at("mean").number(), target.at("scale").number(),
                            target.at("low").number(), target.at("high").number()});
    target.finish();
  }
  return task;
}

void write_table_model(const TableModel& model, const Sink& sink) {
  std::vector<std::unique_ptr<ModelFile::Writer<float>>> members;
  for (const Network<float>& network : model.networks()) {
    members.push_back(std::make_unique<ModelFile::Writer<float>>(network));
  }
  json::Writer out;
  std::vector<double> numbers;
  out.begin_object().key("version").whole(kFormatVersion);
  write_encoder(out.key("encoder"), numbers, model.encoder());
  write_task(out, model.task());
  out.key("weights").begin_array();
  for (const double weight : model.weights()) out.number(weight);
  out.end_array().key("members").begin_array();
  for (const auto& member : members) write_description(out, member->description());
  out.end_array().key("metadata").begin_object();
  for (const auto& [key, value] : model.metadata()) out.key(key).string(value);
  out.end_object().end_object();

  std::vector<safetensors::Tensor> tensors{{kEncoderTensor, "F64", {numbers.size()}}};
  for (std::size_t m = 0; m < members.size(); ++m) {
    for (const safetensors::Tensor& tensor : members[m]->tensors()) {
      tensors.push_back({member_name(m) + tensor.name, tensor.type, tensor.shape});
    }
  }
  const std::string header = safetensors::header_text(out.text(), tensors);
  sink(std::as_bytes(std::span(header)));
  sink(std::as_bytes(std::span(numbers)));
  for (const auto& member : members) member->write_values(sink);
}

TableEncoder read_encoder_of(const json::Value& value, Tensors& tensors) {
  const safetensors::Tensor& tensor = tensors.take(kEncoderTensor, {count_encoder_numbers(value)}, "F64");
  return read_encoder(value, tensors.read<double>(tensor));
}

Network<float> read_member(const json::Value& value, Tensors& tensors, std::size_t m) {
  Description description = read_description(value);
  if (!description.single) value.refuse("a network in float32");
  tensors.set_prefix(member_name(m));
  return about_file("member " + std::to_string(m + 1),
                    [&] { return ModelFile::read<float>(std::move(description), tensors); });
}

TableModel read_table_model(const Source& source) {
  safetensors::Header header = safetensors::read_header(source);
  const json::Document document("description", header.description);
  json::Object object(document.root());
  check_version(object.at("version"));
  if (object.find("members") == nullptr) {
    throw FormatError("a network, which fanin::load and fanin.load read; expected a model of tables");
  }
  Tensors tensors(source, std::move(header.tensors));
  TableEncoder encoder = read_encoder_of(object.at("encoder"), tensors);
  TableTask task = read_task(object);
  std::vector<double> weights;
  for (const json::Value& weight : object.at("weights").elements()) weights.push_back(weight.number());
  std::vector<Network<float>> networks;
  for (const json::Value& member : object.at("members").elements()) {
    networks.push_back(read_member(member, tensors, networks.size()));
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.at("metadata").members()) metadata.emplace(key, value.string());
  object.finish();
  tensors.finish();
  TableModel model(std::move(encoder), std::move(networks), std::move(weights), std::move(task));
  model.set_metadata(std::move(metadata));
  return model;
}

}  // namespace

void TableModel::save(const std::filesystem::path& path) const {
  write_file(path, [&](const Sink& sink) { write_table_model(*this, sink); });
}

std::vector<std::byte> TableModel::to_bytes() const {
  return bytes_written([&](const Sink& sink) { write_table_model(*this, sink); });
}

TableModel load_table_model(const std::filesystem::path& path) {
  return about_file(shown(path), [&] { return read_table_model(FileSource(path)); });
}

TableModel table_model_from_bytes(std::span<const std::byte> bytes) {
  return about_file("bytes", [&] { return read_table_model(MemorySource(bytes)); });
}

}  // namespace fanin
