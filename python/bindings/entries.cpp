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

fanin::Method make_method(const std::string& name, const py::dict& values) {
  std::optional<fanin::Rule> rule = fanin::Rule::named(name);
  if (!rule) throw unknown("rule", name);
  fanin::Rule::fields(*rule, FieldSetter{values});
  fanin::Method method = *rule;
  const auto schedule = [&values = values](const char* field, std::optional<fanin::Schedule>& to) {
    if (!values.contains(field) || !py::isinstance<py::dict>(values[field])) return;
    const auto given = values[field].cast<py::dict>();
    const auto kind = given["name"].cast<std::string>();
    to = make_entry<fanin::Schedule>(fanin::Schedules{}, "schedule", kind, given);
  };
  schedule("learning_rate", method.learning_rate);
  schedule("momentum", method.momentum);
  if (!values.contains("around")) return method;
  const auto around = values["around"].cast<py::dict>();
  fanin::Method::fields(method, FieldSetter{around});
  for (const auto& [rate_scale, frozen] : around["arrays"].cast<std::vector<std::pair<double, bool>>>()) {
    method.arrays.push_back({rate_scale, frozen});
  }
  return method;
}

NamedValues described(const fanin::Method& method) {
  py::dict values;
  fanin::Rule::fields(method.rule, FieldGetter{values});
  const auto schedule = [&values = values](const char* field, const std::optional<fanin::Schedule>& given) {
    if (!given) return;
    auto [kind, fields] = described_entry(*given);
    fields["name"] = kind;
    values[field] = fields;
  };
  schedule("learning_rate", method.learning_rate);
  schedule("momentum", method.momentum);
  py::dict around;
  fanin::Method::fields(method, FieldGetter{around});
  py::list arrays;
  for (const fanin::ArrayOptions& array : method.arrays) {
    arrays.append(py::make_tuple(array.rate_scale, array.frozen));
  }
  around["arrays"] = arrays;
  values["around"] = around;
  return {method.rule.name(), values};
}

}  // namespace arrays
