#include "files/description.hpp"

#include "files/fields_json.hpp"

namespace fanin {
namespace {

void write_schedule(json::Writer& out, const char* name, const std::optional<Schedule>& schedule) {
  out.key(name);
  if (schedule) {
    write_entry(out, *schedule);
  } else {
    out.null();
  }
}

std::optional<Schedule> read_schedule(const json::Value* value) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  return read_entry<Schedule>(Schedules{}, *value);
}

Method read_method(const json::Value& value) {
  json::Object object(value);
  Method method = read_rule(object.at("rule"));
  Method::fields(method, FieldReader{object});
  if (const json::Value* arrays = object.find("arrays")) {
    for (const json::Value& array : arrays->elements()) {
      json::Object options(array);
      method.arrays.push_back({options.at("rate_scale").number(), options.at("frozen").boolean()});
      options.finish();
    }
  }
  method.learning_rate = read_schedule(object.find("learning_rate"));
  method.momentum = read_schedule(object.find("momentum"));
  method.decay = read_schedule(object.find("decay"));
  object.finish();
  return method;
}

void write_solver(json::Writer& out, const SolverProgress& progress) {
  write_entry(out.begin_object().key("method"), progress.method.solver);
  out.key("l2").number(progress.method.l2).key("numbers").begin_array();
  for (const double number : progress.numbers) out.number(number);
  out.end_array().key("vectors").whole(progress.vectors).end_object();
}

SolverProgress read_solver(const json::Value& value) {
  json::Object object(value);
  SolverProgress progress{
      {read_entry<Solver>(Solvers{}, object.at("method")), object.at("l2").number()}, {}, 0};
  for (const json::Value& number : object.at("numbers").elements()) {
    progress.numbers.push_back(number.number());
  }
  progress.vectors = object.at("vectors").whole();
  object.finish();
  return progress;
}

void write_progress(json::Writer& out, const TrainingProgress& progress) {
  out.begin_object().key("epochs").whole(progress.epochs).key("average_weights").begin_array();
  for (const double weight : progress.statistics_weights) out.number(weight);
  out.end_array().key("method");
  if (progress.method) {
    write_method(out, *progress.method);
  } else {
    out.null();
  }
  out.key("steps")
      .whole(progress.steps)
      .key("averaged")
      .whole(progress.averaged)
      .key("memory")
      .number(progress.memory);
  out.key("look_ahead").number(progress.look_ahead);
  if (progress.solver) write_solver(out.key("solver"), *progress.solver);
  out.end_object();
}

TrainingProgress read_progress(const json::Value& value) {
  json::Object object(value);
  TrainingProgress progress;
  progress.epochs = object.at("epochs").whole();
  for (const json::Value& weight : object.at("average_weights").elements()) {
    progress.statistics_weights.push_back(weight.number());
  }
  const json::Value& method = object.at("method");
  if (!method.is_null()) progress.method = read_method(method);
  progress.steps = object.at("steps").whole();
  progress.averaged = object.at("averaged").whole();
  progress.memory = object.at("memory").number();
  progress.look_ahead = object.at("look_ahead").number();
  if (const json::Value* solver = object.find("solver")) progress.solver = read_solver(*solver);
  object.finish();
  return progress;
}

void write_column_names(json::Writer& out, const ColumnNames& names) {
  out.begin_object();
  for (const auto& [argument, columns] : names) {
    out.key(argument).begin_array();
    for (const std::string& column : columns) out.string(column);
    out.end_array();
  }
  out.end_object();
}

ColumnNames read_column_names(const json::Value& value) {
  ColumnNames names;
  for (const auto& [argument, columns] : value.members()) {
    for (const json::Value& column : columns.elements()) names[argument].push_back(column.string());
  }
  return names;
}

bool read_single(const json::Value& value) {
  const std::string dtype = value.string();
  if (dtype != "float32" && dtype != "float64") value.refuse("\"float32\" or \"float64\"");
  return dtype == "float32";
}

}  // namespace

std::vector<Layer> read_layers(const json::Value& value) {
  constexpr const char* known = "a layer kind known to this version of fanin";
  std::vector<Layer> layers;
  for (const json::Value& layer : value.elements()) {
    Layer::Kind kind = read_entry<Layer::Kind>(Layers{}, layer, "kind", known);
    layers.push_back(std::move(kind));
  }
  return layers;
}

void write_method(json::Writer& out, const Method& method) {
  out.begin_object();
  write_entry(out.key("rule"), method.rule);
  write_schedule(out, "learning_rate", method.learning_rate);
  write_schedule(out, "momentum", method.momentum);
  write_schedule(out, "decay", method.decay);
  Method::fields(method, FieldWriter{out});
  out.key("arrays").begin_array();
  for (const ArrayOptions& array : method.arrays) {
    out.begin_object()
        .key("rate_scale")
        .number(array.rate_scale)
        .key("frozen")
        .boolean(array.frozen)
        .end_object();
  }
  out.end_array().end_object();
}

void write_description(json::Writer& out, const Description& description) {
  out.begin_object().key("version").whole(kFormatVersion);
  out.key("dtype").string(description.single ? "float32" : "float64").key("seed").whole(description.seed);
  out.key("n_inputs").whole(description.inputs);
  FieldWriter{out}("layers", description.layers);
  write_entry(out.key("loss"), description.loss);
  out.key("metadata").begin_object();
  for (const auto& [key, value] : description.metadata) out.key(key).string(value);
  out.end_object();
  if (!description.column_names.empty()) write_column_names(out.key("columns"), description.column_names);
  if (description.vector_targets) out.key("vector_targets").boolean(true);
  write_progress(out.key("training"), description.progress);
  if (description.adapted) {
    out.key("adapted").begin_object().key("indicators").begin_array();
    for (const std::uint32_t column : description.adapted->indicators) out.whole(column);
    out.end_array().key("outputs").whole(description.adapted->outputs);
    if (const auto& condition = description.adapted->condition) {
      out.key("condition").begin_array().number(condition->before).number(condition->after).end_array();
    }
    if (!description.adapted->encoder.empty()) out.key("encoder").string(description.adapted->encoder);
    out.end_object();
  }
  out.end_object();
}

std::string description_text(const Description& description) {
  json::Writer out;
  write_description(out, description);
  return out.text();
}

Adapted read_adapted(const json::Value& value) {
  json::Object object(value);
  Adapted adapted;
  for (const json::Value& column : object.at("indicators").elements()) {
    const std::uint64_t number = column.whole();
    if (number > std::numeric_limits<std::uint32_t>::max()) column.refuse("a column of X");
    adapted.indicators.push_back(static_cast<std::uint32_t>(number));
  }
  adapted.outputs = object.at("outputs").whole();
  if (const json::Value* condition = object.find("condition")) {
    const std::vector<json::Value>& numbers = condition->elements();
    if (numbers.size() != 2) condition->refuse("two numbers");
    adapted.condition = {numbers[0].number(), numbers[1].number()};
  }
  if (const json::Value* encoder = object.find("encoder")) adapted.encoder = encoder->string();
  object.finish();
  return adapted;
}

void check_version(const json::Value& version) {
  if (version.whole() >= 1 && version.whole() <= kFormatVersion) return;
  version.refuse("at most " + std::to_string(kFormatVersion) +
                 "; this file was written by a later version of fanin");
}

Description read_description(const json::Value& value) {
  json::Object object(value);
  check_version(object.at("version"));
  if (object.find("members") != nullptr) {
    throw FormatError(
        "a model of tables, which fanin::load_table_model and the estimators of fanin.sklearn read; expected "
        "a "
        "network");
  }
  Description description;
  description.single = read_single(object.at("dtype"));
  description.seed = object.at("seed").whole();
  description.inputs = object.at("n_inputs").whole();
  description.layers = read_layers(object.at("layers"));
  description.loss = read_entry<Loss>(Losses{}, object.at("loss"));
  for (const auto& [key, value] : object.at("metadata").members()) {
    description.metadata.emplace(key, value.string());
  }
  if (const json::Value* columns = object.find("columns")) {
    description.column_names = read_column_names(*columns);
  }
  if (const json::Value* vector = object.find("vector_targets"))
    description.vector_targets = vector->boolean();
  description.progress = read_progress(object.at("training"));
  if (const json::Value* adapted = object.find("adapted")) description.adapted = read_adapted(*adapted);
  object.finish();
  return description;
}

Description read_description(const std::string& text) {
  return read_description(json::Document("description", text).root());
}

}  // namespace fanin
