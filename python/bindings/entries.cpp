#include "entries.hpp"

#include <iterator>

#include "fields.hpp"

namespace arrays {

std::vector<NamedValues> described(const std::vector<fanin::Layer>& layers) {
  std::vector<NamedValues> all;
  for (const fanin::Layer& layer : layers) all.push_back(described_entry(layer.kind));
  return all;
}

std::vector<fanin::Layer> make_layers(const std::vector<NamedValues>& given) {
  std::vector<fanin::Layer> layers;
  for (const auto& [name, values] : given) {
    layers.push_back(make_entry<fanin::Layer::Kind>(fanin::Layers{}, "layer", name, values));
  }
  return layers;
}

fanin::Loss make_loss(const std::string& name, const py::dict& values) {
  return make_entry<fanin::Loss>(fanin::Losses{}, "loss", name, values);
}
NamedValues described(const fanin::Loss& loss) { return described_entry(loss); }

fanin::Batches batches_named(const std::string& name) {
  const auto* const found = std::find(std::begin(fanin::kBatches), std::end(fanin::kBatches), name);
  if (found == std::end(fanin::kBatches)) throw unknown("batches", name);
  return static_cast<fanin::Batches>(found - std::begin(fanin::kBatches));
}

namespace {

// The schedule of a field, if it has one
void set_schedule(std::optional<fanin::Schedule>& to, const py::dict& values, const char* field) {
  if (!values.contains(field) || !py::isinstance<py::dict>(values[field])) return;
  const auto given = values[field].cast<py::dict>();
  const auto kind = given["name"].cast<std::string>();
  to = make_entry<fanin::Schedule>(fanin::Schedules{}, "schedule", kind, given);
}

void get_schedule(const std::optional<fanin::Schedule>& given, py::dict& values, const char* field) {
  if (!given) return;
  auto [kind, fields] = described_entry(*given);
  fields["name"] = kind;
  values[field] = fields;
}

}  // namespace

fanin::Method make_method(const std::string& name, const py::dict& values) {
  std::optional<fanin::Rule> rule = fanin::Rule::named(name);
  if (!rule) throw unknown("rule", name);
  fanin::Rule::fields(*rule, FieldSetter{values});
  fanin::Method method = *rule;
  set_schedule(method.learning_rate, values, "learning_rate");
  set_schedule(method.momentum, values, "momentum");
  set_schedule(method.decay, values, "weight_decay");
  if (!values.contains("around")) return method;
  const auto around = values["around"].cast<py::dict>();
  fanin::Method::fields(method, FieldSetter{around});
  set_schedule(method.decay, around, "weight_decay");
  for (const auto& [rate_scale, frozen] : around["arrays"].cast<std::vector<std::pair<double, bool>>>()) {
    method.arrays.push_back({rate_scale, frozen});
  }
  return method;
}

fanin::WholeBatch make_whole_batch(const std::string& name, const py::dict& values) {
  return {make_entry<fanin::Solver>(fanin::Solvers{}, "solver", name, values), values["l2"].cast<double>()};
}

NamedValues described(const fanin::WholeBatch& method) {
  NamedValues described = described_entry(method.solver);
  described.second["l2"] = method.l2;
  return described;
}

NamedValues described(const fanin::Method& method) {
  py::dict values;
  fanin::Rule::fields(method.rule, FieldGetter{values});
  get_schedule(method.learning_rate, values, "learning_rate");
  get_schedule(method.momentum, values, "momentum");
  py::dict around;
  fanin::Method::fields(method, FieldGetter{around});
  get_schedule(method.decay, values.contains("weight_decay") ? values : around, "weight_decay");
  py::list arrays;
  for (const fanin::ArrayOptions& array : method.arrays) {
    arrays.append(py::make_tuple(array.rate_scale, array.frozen));
  }
  around["arrays"] = arrays;
  values["around"] = around;
  return {method.rule.name(), values};
}

}  // namespace arrays
