#include "fanin/network.hpp"

#include "fanin/eigen.hpp"
#include "fanin/names.hpp"
#include "operands.hpp"
#include "register.hpp"
#include "storage.hpp"
#include "training.hpp"
#include "unlocked.hpp"

namespace {

// Whether one output has the shape (rows,): that of `out`, or of the targets of the last fit
template <class T>
bool is_vector(const fanin::Network<T>& net, const py::object& out) {
  if (!py::isinstance<py::array>(out)) return net.vector_targets();
  return py::reinterpret_borrow<py::array>(out).ndim() == 1;
}

template <class T>
py::array_t<T> predict(const fanin::Network<T>& net, const py::object& x, const py::object& out) {
  const arrays::Matrix matrix = samples_of(net, x);
  const std::size_t rows = output_rows(net, matrix.view), columns = net.outputs();
  std::vector<py::ssize_t> shape = {static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)};
  if (columns == 1 && is_vector(net, out)) shape.pop_back();
  auto result = operands::output<T>("out", out, shape, std::array{matrix.array});
  operands::check_contiguous("out", result);
  const fanin::MatrixView<T> view = fanin::row_major(result.mutable_data(), rows, columns);
  interruptible([&] { net.predict(matrix.view, view, signal_pending); });  // this function holds both arrays
  return result;
}

template <class T>
py::tuple evaluate(const fanin::Network<T>& net, const py::object& x, const py::object& y,
                   const py::object& weights, bool checked, PyCommunicator* communicator) {
  const Data data = make_data(net, x, y, weights);
  const fanin::Checks checks = checked ? fanin::Checks::shapes : fanin::Checks::all;
  const fanin::Evaluation evaluation = interruptible([&] {  // this function holds the data
    return net.evaluate(data.x.view, data.targets.y, data.targets.weights.view, signal_pending, checks,
                        communicator);
  });
  return py::make_tuple(evaluation.loss, evaluation.metric);
}

// Data for `Network.fit` and `Network.evaluate`, checked without training or evaluating
template <class T>
void check(const fanin::Network<T>& net, const py::object& x, const py::object& y,
           const py::object& weights) {
  const Data data = make_data(net, x, y, weights);
  const Unlocked unlocked;  // this function holds the data
  net.check(data.x.view, data.targets.y, data.targets.weights.view);
}

// Learns from chunks (X, sample_weight) of an iterator
template <class T>
void adapt(fanin::Network<T>& net, const py::iterator& chunks) {
  arrays::Matrix x;
  arrays::Weights weights;
  interruptible([&] {  // this function holds the chunk
    net.adapt([&]() -> std::optional<fanin::InputChunk> {
      const py::gil_scoped_acquire locked;
      x = {};
      weights = {};
      const auto next = py::reinterpret_steal<py::object>(PyIter_Next(chunks.ptr()));
      if (PyErr_Occurred() != nullptr) throw py::error_already_set();
      if (!next) return std::nullopt;
      const auto chunk = next.cast<std::pair<py::object, py::object>>();
      x = samples_of(net, chunk.first);
      weights = arrays::sample_weights(chunk.second, fanin::rows_of(x.view));
      return fanin::InputChunk{x.view, weights.view};
    });
  });
}

// name -> array of what the input layer has learned
template <class T>
py::dict learned_arrays(const fanin::Network<T>& net) {
  py::dict arrays;
  for (const fanin::LearnedArray& array : net.learned_arrays()) {
    arrays[array.name.c_str()] = py::array_t<double>(array.shape, array.values.data());
  }
  return arrays;
}

// numpy.linalg.eigh, in place of the core's slower solver
void solve_by_numpy(std::size_t n, double* matrix, double* values) {
  const py::gil_scoped_acquire locked;
  const std::vector<std::size_t> shape{n, n};
  const py::object solved =
      py::module_::import("numpy.linalg").attr("eigh")(py::array_t<double>(shape, matrix));
  const auto found = solved.cast<std::pair<py::array_t<double, py::array::c_style | py::array::forcecast>,
                                           py::array_t<double, py::array::f_style | py::array::forcecast>>>();
  std::copy_n(found.first.data(), n, values);
  std::copy_n(found.second.data(), n * n, matrix);  // columns, one after the other
}

// The rows that the input layer gives
template <class T>
py::array_t<T> first_inputs(const fanin::Network<T>& net, const py::object& x) {
  const arrays::Matrix samples = samples_of(net, x);
  const std::size_t rows = fanin::rows_of(samples.view), columns = net.first_columns().value_or(0);
  py::array_t<T> out({rows, columns});
  net.first_inputs(samples.view, fanin::row_major(out.mutable_data(), rows, columns));
  return out;
}

template <class T>
py::array_t<std::int32_t> classes(const fanin::Network<T>& net, const py::object& y,
                                  const std::string& argument) {
  const py::array given = arrays::numbers("y", y, "integer labels or targets");
  const std::size_t rows = given.ndim() > 0 ? static_cast<std::size_t>(given.shape(0)) : 0;
  const arrays::TargetArrays targets = arrays::targets(net.loss(), given, py::none(), rows, net.outputs());
  const std::vector<std::int32_t> found = net.classes(targets.y, argument);
  return py::array_t<std::int32_t>(static_cast<py::ssize_t>(found.size()), found.data());
}

py::array_t<std::size_t> stratified_rows(const py::array_t<std::int32_t, py::array::c_style>& classes,
                                         std::size_t count, std::uint64_t seed) {
  const std::span<const std::int32_t> view(classes.data(), static_cast<std::size_t>(classes.size()));
  const std::vector<std::size_t> rows = fanin::stratified_rows(view, count, seed);
  return py::array_t<std::size_t>(static_cast<py::ssize_t>(rows.size()), rows.data());
}

fanin::Weights which(bool averaged) { return averaged ? fanin::Weights::shown : fanin::Weights::trained; }

std::vector<std::size_t> shape_of(const fanin::ArrayShape& array) {
  if (array.vector) return {array.columns};
  return {array.rows, array.columns};
}

// (name, shape, whether it is trained) of each array
template <class T>
py::list arrays_of(const fanin::Network<T>& net) {
  py::list arrays;
  for (const fanin::ArrayShape& array : net.arrays()) {
    arrays.append(py::make_tuple(array.name, py::tuple(py::cast(shape_of(array))), array.trained));
  }
  return arrays;
}

template <class T>
py::list get_arrays(const fanin::Network<T>& net, bool averaged) {
  py::list values;
  for (const fanin::ArrayShape& shape : net.arrays()) {
    py::array_t<T> array(shape_of(shape));
    net.get_array(shape.name, {array.mutable_data(), static_cast<std::size_t>(array.size())},
                  which(averaged));
    values.append(array);
  }
  return values;
}

// Copies into the arrays of an earlier get_arrays, so that there is never a second copy
template <class T>
void copy_arrays(const fanin::Network<T>& net, const std::vector<py::array_t<T, py::array::c_style>>& out) {
  const std::vector<fanin::ArrayShape> arrays = net.arrays();
  for (std::size_t i = 0; i < out.size(); ++i) {
    py::array_t<T, py::array::c_style> array = out[i];
    net.get_array(arrays[i].name, {array.mutable_data(), static_cast<std::size_t>(array.size())});
  }
}

template <class T>
void set_arrays(fanin::Network<T>& net, const std::vector<py::array_t<T, py::array::c_style>>& values) {
  std::vector<std::span<const T>> views;
  for (const auto& array : values) views.emplace_back(array.data(), static_cast<std::size_t>(array.size()));
  net.set_arrays(views);
}

template <class T>
std::unique_ptr<fanin::Network<T>> make_network(std::size_t inputs,
                                                const std::vector<arrays::NamedValues>& given,
                                                const std::string& loss, const py::dict& loss_values,
                                                std::uint64_t seed) {
  return std::make_unique<fanin::Network<T>>(inputs, arrays::make_layers(given),
                                             arrays::make_loss(loss, loss_values), seed);
}

template <class T>
void register_network_of(py::module_& m, const std::string& suffix) {
  using Net = fanin::Network<T>;
  py::class_<Net>(m, ("Network" + suffix).c_str())
      .def(py::init(&make_network<T>), py::arg("n_inputs"), py::arg("layers"), py::arg("loss"),
           py::arg("loss_values"), py::arg("seed"))
      .def_property_readonly("n_parameters", &Net::parameters)
      .def_property_readonly("n_inputs", &Net::inputs)
      .def_property_readonly("n_outputs", &Net::outputs)
      .def_property_readonly("seed", &Net::seed)
      .def_property_readonly("layers", [](const Net& net) { return arrays::described(net.layers()); })
      .def_property_readonly("loss", [](const Net& net) { return arrays::described(net.loss()); })
      .def_property_readonly("rule", &storage::rule_of<T>)
      .def_property_readonly("epochs", &Net::epochs)
      .def_property_readonly("metadata", &Net::metadata)
      .def_property_readonly("column_names", &Net::column_names)
      .def("set_column_names", &Net::set_column_names, py::arg("names"))
      .def_property_readonly("vector_targets", &Net::vector_targets)
      .def("set_vector_targets", &Net::set_vector_targets, py::arg("vector"))
      .def("classes", &classes<T>, py::arg("y"), py::arg("argument"))
      .def("set_metadata", &Net::set_metadata, py::arg("metadata"))
      .def("save", &storage::save<T>, py::arg("path"))
      .def("to_bytes", &storage::to_bytes<T>)
      .def("copy", &storage::copy<T>)
      .def("check", &check<T>, py::arg("X"), py::arg("y"), py::arg("sample_weight"))
      .def("adapt", &adapt<T>, py::arg("chunks"))
      .def_property_readonly("has_input_layer", &Net::has_input_layer)
      .def_property_readonly("adapted", &Net::adapted)
      .def_property_readonly("first_columns", &Net::first_columns)
      .def_property_readonly("condition_numbers",
                             [](const Net& net) -> std::optional<std::pair<double, double>> {
                               const auto numbers = net.condition_numbers();
                               if (!numbers) return std::nullopt;
                               return std::pair(numbers->before, numbers->after);
                             })
      .def(
          "set_condition_numbers",
          [](Net& net, double before, double after) { net.set_condition_numbers({before, after}); },
          py::arg("before"), py::arg("after"))
      .def("first_inputs", &first_inputs<T>, py::arg("X"))
      .def_property_readonly("learned_arrays", &learned_arrays<T>)
      .def_property_readonly("trained_names", &Net::trained_names)
      .def_property_readonly("arrays", &arrays_of<T>)
      .def("get_arrays", &get_arrays<T>, py::arg("averaged") = true)
      .def("copy_arrays", &copy_arrays<T>, py::arg("out").noconvert())
      .def("set_arrays", &set_arrays<T>, py::arg("values"))
      .def("predict", &predict<T>, py::arg("X"), py::arg("out"))
      .def("evaluate", &evaluate<T>, py::arg("X"), py::arg("y"), py::arg("sample_weight"),
           py::arg("checked") = false, py::arg("communicator") = py::none());
  py::class_<PyTraining<T>>(m, ("Training" + suffix).c_str())
      .def(py::init<Net&, const py::object&, const py::object&, const py::object&, std::size_t,
                    const std::string&, std::optional<std::uint64_t>, std::size_t, std::optional<std::size_t>,
                    fanin::Budget&, const fanin::Population*, fanin::Watch*, bool, std::size_t,
                    PyCommunicator*, bool>(),
           py::arg("network"), py::arg("X"), py::arg("y"), py::arg("sample_weight"), py::arg("batch_size"),
           py::arg("batches"), py::arg("order_seed"), py::arg("epochs_before"), py::arg("epochs"),
           py::arg("budget"), py::arg("population"), py::arg("watch") = py::none(), py::arg("restore") = true,
           py::arg("truncation") = 0, py::arg("communicator") = py::none(), py::arg("synchronized") = false,
           py::keep_alive<1, 2>(), py::keep_alive<1, 11>(), py::keep_alive<1, 13>(), py::keep_alive<1, 16>())
      .def_property_readonly("rows", &PyTraining<T>::rows)
      .def_property_readonly("vector_targets", &PyTraining<T>::vector_targets)
      .def_property_readonly("order", &PyTraining<T>::order)
      .def("epoch", &PyTraining<T>::epoch, py::arg("rule"), py::arg("values"))
      .def("epochs", &PyTraining<T>::epochs, py::arg("rule"), py::arg("values"), py::arg("count"),
           py::arg("orders").noconvert() = py::none())
      .def("begin_epoch", &PyTraining<T>::begin_epoch, py::arg("population"), py::arg("number"),
           py::arg("rule"), py::arg("values"))
      .def("exact_statistics", &PyTraining<T>::exact_statistics)
      .def("close", &PyTraining<T>::close);
  using OfSolver = PySolverTraining<T>;
  py::class_<OfSolver>(m, ("SolverTraining" + suffix).c_str())
      .def(py::init<Net&, const py::object&, const py::object&, const py::object&, fanin::Budget&>(),
           py::arg("network"), py::arg("X"), py::arg("y"), py::arg("sample_weight"), py::arg("budget"),
           py::keep_alive<1, 2>(), py::keep_alive<1, 6>())
      .def_property_readonly("rows", &OfSolver::rows)
      .def_property_readonly("vector_targets", &OfSolver::vector_targets)
      .def("epoch", &OfSolver::epoch, py::arg("solver"), py::arg("values"))
      .def("close", &OfSolver::close);
}

}  // namespace

void register_network(py::module_& m) {
  m.def(
      "numbers", [](const char* name, const py::object& value) { return arrays::numbers(name, value); },
      py::arg("name"), py::arg("value"));
  m.attr("BATCHES") =
      py::tuple(py::cast(std::vector<std::string>(std::begin(fanin::kBatches), std::end(fanin::kBatches))));
  m.def("stratified_rows", &stratified_rows, py::arg("classes"), py::arg("count"), py::arg("seed"));
  fanin::set_eigen_solver(&solve_by_numpy);
  m.attr("LABELS_OF_TEXTS") = arrays::kLabelsOfTexts;
  py::class_<PyCommunicator>(m, "Communicator").def(py::init<py::object>(), py::arg("ranks"));
  using Result = fanin::EpochResult;
  py::class_<Result>(m, "EpochResult")
      .def_readonly("loss", &Result::loss)
      .def_readonly("learning_rate", &Result::learning_rate)
      .def_readonly("share", &Result::share)
      .def_readonly("loss_of_updates", &Result::loss_of_updates)
      .def_readonly("penalty", &Result::penalty)
      .def_property_readonly(
          "iteration",
          [](const Result& result) -> std::optional<std::tuple<double, std::size_t, double, double>> {
            if (!result.iteration) return std::nullopt;
            const fanin::Iteration& of = *result.iteration;
            return std::tuple(of.gradient, of.evaluations, of.damping, of.effective);
          })
      .def_property_readonly("ended", [](const Result& result) -> std::optional<std::string> {
        if (!result.ended) return std::nullopt;
        return std::string(fanin::kEnded[static_cast<std::size_t>(*result.ended)]);
      });
  register_network_of<float>(m, "Float32");
  register_network_of<double>(m, "Float64");
  m.def("load", &storage::load, py::arg("path"));
  m.def("from_bytes", &storage::from_bytes, py::arg("data"));
}
