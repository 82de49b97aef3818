#include "fanin/network.hpp"

#include <pybind11/stl.h>

#include "fanin/names.hpp"
#include "operands.hpp"
#include "register.hpp"
#include "storage.hpp"
#include "training.hpp"
#include "unlocked.hpp"

namespace {

using InitializerSpec = std::pair<std::string, py::dict>;  // name, hyper-parameters
// epsilon, decay, bias_correction, exact_statistics
using BatchNormSpec = std::tuple<double, double, bool, bool>;
using DropoutSpec = std::tuple<double>;  // rate
// units, activation, initializers of weights and biases, batch norm
using DenseSpec =
    std::tuple<std::size_t, std::string, InitializerSpec, InitializerSpec, std::optional<BatchNormSpec>>;
using LayerSpec = std::variant<DenseSpec, BatchNormSpec, DropoutSpec>;

template <class T>
py::array_t<T> predict(const fanin::Network<T>& net, const py::object& x, const py::object& out) {
  const arrays::Matrix matrix = samples_of(net, x);
  const std::size_t rows = fanin::rows_of(matrix.view), columns = net.outputs();
  auto result =
      operands::output<T>("out", out, {static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)},
                          std::array{matrix.array});
  operands::check_contiguous("out", result);
  const fanin::MatrixView<T> view = fanin::row_major(result.mutable_data(), rows, columns);
  const Unlocked unlocked;  // both arrays are held by this function
  net.predict(matrix.view, view);
  return result;
}

template <class T>
py::tuple evaluate(const fanin::Network<T>& net, const py::object& x, const py::object& y,
                   const py::object& weights) {
  const Data data = make_data(net, x, y, weights);
  fanin::Evaluation evaluation{};
  {
    const Unlocked unlocked;  // data is held by this function
    evaluation = net.evaluate(data.x.view, data.targets.y, data.targets.weights);
  }
  return py::make_tuple(evaluation.loss, evaluation.metric);
}

template <class T>
std::pair<std::size_t, std::size_t> shape_of(const fanin::Network<T>& net, std::size_t layer) {
  const auto& layers = net.layers();
  if (layer >= layers.size()) throw py::index_error("layer: there is no layer " + std::to_string(layer));
  const auto units_of = [](const fanin::Layer& any, std::size_t otherwise) {
    const auto* dense = std::get_if<fanin::Dense>(&any.kind);
    return dense != nullptr ? dense->units : otherwise;
  };
  std::size_t inputs = net.inputs();
  for (std::size_t i = 0; i < layer; ++i) inputs = units_of(layers[i], inputs);
  if (std::holds_alternative<fanin::Dropout>(layers[layer].kind)) return {0, 0};
  if (std::holds_alternative<fanin::BatchNorm>(layers[layer].kind)) return {0, inputs};
  return {inputs, units_of(layers[layer], 0)};
}

fanin::Weights which(bool averaged) { return averaged ? fanin::Weights::shown : fanin::Weights::trained; }

template <class T>
py::tuple get_weights(const fanin::Network<T>& net, std::size_t layer, bool averaged) {
  const auto [inputs, units] = shape_of(net, layer);
  py::array_t<T> weights({inputs, units}), biases(units);
  net.get_weights(layer, {weights.mutable_data(), inputs * units}, {biases.mutable_data(), units},
                  which(averaged));
  return py::make_tuple(weights, biases);
}

// Into arrays of an earlier get_weights, so that no second copy exists meanwhile
template <class T>
void copy_weights(const fanin::Network<T>& net, std::size_t layer, py::array_t<T, py::array::c_style> weights,
                  py::array_t<T, py::array::c_style> biases) {
  net.get_weights(layer, {weights.mutable_data(), static_cast<std::size_t>(weights.size())},
                  {biases.mutable_data(), static_cast<std::size_t>(biases.size())});
}

template <class T>
void set_weights(fanin::Network<T>& net, std::size_t layer, const py::array_t<T, py::array::c_style>& weights,
                 const py::array_t<T, py::array::c_style>& biases) {
  net.set_weights(layer, {weights.data(), static_cast<std::size_t>(weights.size())},
                  {biases.data(), static_cast<std::size_t>(biases.size())});
}

template <class T>
py::tuple get_batch_norm(const fanin::Network<T>& net, std::size_t layer, bool averaged) {
  const std::size_t units = shape_of(net, layer).second;
  py::array_t<T> gamma(units), mean(units), variance(units);
  net.get_batch_norm(layer, {gamma.mutable_data(), units}, {mean.mutable_data(), units},
                     {variance.mutable_data(), units}, which(averaged));
  return py::make_tuple(gamma, mean, variance);
}

template <class T>
void set_batch_norm(fanin::Network<T>& net, std::size_t layer,
                    const py::array_t<T, py::array::c_style>& gamma,
                    const py::array_t<T, py::array::c_style>& mean,
                    const py::array_t<T, py::array::c_style>& variance) {
  const auto view = [](const auto& array) {
    return std::span<const T>(array.data(), static_cast<std::size_t>(array.size()));
  };
  net.set_batch_norm(layer, view(gamma), view(mean), view(variance));
}

fanin::Initializer make_initializer(const InitializerSpec& spec) {
  return arrays::make_entry<fanin::Initializer>(fanin::Initializers{}, "initializer", spec.first,
                                                spec.second);
}

fanin::BatchNorm make_batch_norm(const BatchNormSpec& spec) {
  const auto& [epsilon, decay, bias_correction, exact_statistics] = spec;
  return {epsilon, decay, bias_correction, exact_statistics};
}
fanin::Layer make_layer(const BatchNormSpec& spec) { return make_batch_norm(spec); }
fanin::Layer make_layer(const DropoutSpec& spec) { return fanin::Dropout{std::get<0>(spec)}; }
fanin::Layer make_layer(const DenseSpec& spec) {
  const auto& [units, activation, weights, biases, norm] = spec;
  fanin::Dense dense{units,
                     fanin::from_name<fanin::Activation>(fanin::Activations{}, "activation", activation),
                     make_initializer(weights), make_initializer(biases)};
  if (norm) dense.batch_norm = make_batch_norm(*norm);
  return dense;
}

template <class T>
std::unique_ptr<fanin::Network<T>> make_network(std::size_t inputs, const std::vector<LayerSpec>& specs,
                                                const std::string& loss, const py::dict& loss_values,
                                                std::uint64_t seed) {
  std::vector<fanin::Layer> layers;
  for (const LayerSpec& spec : specs) {
    layers.push_back(std::visit([](const auto& values) { return make_layer(values); }, spec));
  }
  return std::make_unique<fanin::Network<T>>(
      inputs, std::move(layers), arrays::make_entry<fanin::Loss>(fanin::Losses{}, "loss", loss, loss_values),
      seed);
}

BatchNormSpec spec_of(const fanin::BatchNorm& norm) {
  return {norm.epsilon, norm.decay, norm.bias_correction, norm.exact_statistics};
}
DropoutSpec spec_of(const fanin::Dropout& dropout) { return {dropout.rate}; }
DenseSpec spec_of(const fanin::Dense& layer) {
  std::optional<BatchNormSpec> norm;
  if (layer.batch_norm) norm = spec_of(*layer.batch_norm);
  return {layer.units, fanin::names_of(fanin::Activations{})[static_cast<std::size_t>(layer.activation)],
          arrays::described(layer.initializer), arrays::described(layer.bias_initializer), norm};
}

template <class T>
std::vector<LayerSpec> layers_of(const fanin::Network<T>& net) {
  std::vector<LayerSpec> specs;
  for (const fanin::Layer& layer : net.layers()) {
    specs.push_back(std::visit([](const auto& kind) { return LayerSpec(spec_of(kind)); }, layer.kind));
  }
  return specs;
}

template <class T>
void register_network_of(py::module_& m, const std::string& suffix) {
  using Net = fanin::Network<T>;
  py::class_<Net>(m, ("Network" + suffix).c_str())
      .def(py::init(&make_network<T>), py::arg("n_inputs"), py::arg("layers"), py::arg("loss"),
           py::arg("loss_values"), py::arg("seed"))
      .def_property_readonly("n_parameters", &Net::parameters)
      .def_property_readonly("n_inputs", &Net::inputs)
      .def_property_readonly("seed", &Net::seed)
      .def_property_readonly("layers", &layers_of<T>)
      .def_property_readonly("loss", [](const Net& net) { return arrays::described(net.loss()); })
      .def_property_readonly("rule", &storage::rule_of<T>)
      .def_property_readonly("epochs", &Net::epochs)
      .def_property_readonly("metadata", &Net::metadata)
      .def("set_metadata", &Net::set_metadata, py::arg("metadata"))
      .def("save", &storage::save<T>, py::arg("path"))
      .def("to_bytes", &storage::to_bytes<T>)
      .def("copy", &storage::copy<T>)
      .def("get_weights", &get_weights<T>, py::arg("layer"), py::arg("averaged") = true)
      .def("copy_weights", &copy_weights<T>, py::arg("layer"), py::arg("weights").noconvert(),
           py::arg("biases").noconvert())
      .def("set_weights", &set_weights<T>, py::arg("layer"), py::arg("weights"), py::arg("biases"))
      .def("get_batch_norm", &get_batch_norm<T>, py::arg("layer"), py::arg("averaged") = true)
      .def("set_batch_norm", &set_batch_norm<T>, py::arg("layer"), py::arg("gamma"), py::arg("mean"),
           py::arg("variance"))
      .def("predict", &predict<T>, py::arg("X"), py::arg("out"))
      .def("evaluate", &evaluate<T>, py::arg("X"), py::arg("y"), py::arg("sample_weight"));
  py::class_<PyTraining<T>>(m, ("Training" + suffix).c_str())
      .def(py::init<Net&, const py::object&, const py::object&, const py::object&, std::size_t, bool,
                    const fanin::Population*>(),
           py::arg("network"), py::arg("X"), py::arg("y"), py::arg("sample_weight"), py::arg("batch_size"),
           py::arg("shuffle"), py::arg("population"), py::keep_alive<1, 2>())
      .def_property_readonly("rows", &PyTraining<T>::rows)
      .def("epoch", &PyTraining<T>::epoch, py::arg("rule"), py::arg("values"))
      .def("begin_epoch", &PyTraining<T>::begin_epoch, py::arg("population"), py::arg("number"),
           py::arg("rule"), py::arg("values"))
      .def("exact_statistics", &PyTraining<T>::exact_statistics)
      .def("close", &PyTraining<T>::close);
}

}  // namespace

void register_network(py::module_& m) {
  m.def(
      "numbers", [](const char* name, const py::object& value) { return arrays::numbers(name, value); },
      py::arg("name"), py::arg("value"));
  register_network_of<float>(m, "Float32");
  register_network_of<double>(m, "Float64");
  m.def("load", &storage::load, py::arg("path"));
  m.def("from_bytes", &storage::from_bytes, py::arg("data"));
}
