#include "fanin/table_model.hpp"

#include <limits>

#include "register.hpp"
#include "tables.hpp"
#include "unlocked.hpp"

namespace {

// A copy without the state of training
fanin::Network<float> for_prediction(const fanin::Network<float>& net) {
  fanin::Network<float> copy(net.inputs(), net.layers(), net.loss(), net.seed());
  std::vector<std::vector<float>> arrays;
  std::vector<std::span<const float>> views;
  for (const fanin::ArrayShape& shape : net.arrays()) {
    std::vector<float>& values = arrays.emplace_back(shape.rows * shape.columns);
    net.get_array(shape.name, values);
    views.emplace_back(values);
  }
  copy.set_arrays(views);
  return copy;
}

std::unique_ptr<fanin::TableModel> make_table_model(const fanin::TableEncoder& encoder,
                                                    const std::vector<const fanin::Network<float>*>& networks,
                                                    const std::vector<double>& weights,
                                                    const std::vector<std::string>& labels,
                                                    const std::vector<std::array<double, 4>>& targets,
                                                    const std::map<std::string, std::string>& metadata) {
  std::vector<fanin::Network<float>> copies;
  for (const fanin::Network<float>* net : networks) copies.push_back(for_prediction(*net));
  fanin::TableTask task{labels, {}};
  for (const auto& [mean, scale, low, high] : targets) task.targets.push_back({mean, scale, low, high});
  auto model = std::make_unique<fanin::TableModel>(encoder, std::move(copies), weights, std::move(task));
  model->set_metadata(metadata);
  return model;
}

// Copies, which can be trained
std::vector<std::unique_ptr<fanin::Network<float>>> networks_of(const fanin::TableModel& model) {
  std::vector<std::unique_ptr<fanin::Network<float>>> copies;
  for (const fanin::Network<float>& net : model.networks()) {
    copies.push_back(std::make_unique<fanin::Network<float>>(net.copy()));
  }
  return copies;
}

std::vector<std::array<double, 4>> targets_of(const fanin::TableModel& model) {
  std::vector<std::array<double, 4>> rows;
  for (const auto& [mean, scale, low, high] : model.task().targets) rows.push_back({mean, scale, low, high});
  return rows;
}

// Predictions, and their spread if it is wanted
py::tuple predict_table(const fanin::TableModel& model, const std::vector<std::string>& names,
                        const py::list& columns, std::size_t rows, bool with_spread) {
  const tables::GivenTable given(names, columns);
  const auto shape = std::array{static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(model.outputs())};
  py::array_t<double> out(shape), spread(with_spread ? shape : std::array<py::ssize_t, 2>{0, shape[1]});
  const auto view = [&](py::array_t<double>& array) {
    return fanin::row_major(array.mutable_data(), static_cast<std::size_t>(array.shape(0)), model.outputs());
  };
  const fanin::MatrixView<double> out_view = view(out), spread_view = view(spread);
  interruptible([&] { model.predict(given.table, out_view, spread_view, signal_pending); });
  return py::make_tuple(out, spread);
}

template <class F>
std::unique_ptr<fanin::TableModel> unlocked_model(F&& f) {
  const Unlocked unlocked;  // no Python object is touched, and disks are slow
  return std::make_unique<fanin::TableModel>(f());
}

py::bytes bytes_of_model(const fanin::TableModel& model) {
  std::vector<std::byte> bytes;
  {
    const Unlocked unlocked;  // no Python object is touched
    bytes = model.to_bytes();
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void register_table_model(py::module_& m) {
  using Model = fanin::TableModel;
  py::class_<Model>(m, "TableModel")
      .def(py::init(&make_table_model), py::arg("encoder"), py::arg("networks"), py::arg("weights"),
           py::arg("labels"), py::arg("targets"), py::arg("metadata"))
      .def_property_readonly("encoder", [](const Model& model) { return model.encoder(); })
      .def_property_readonly("networks", &networks_of)
      .def_property_readonly("weights", [](const Model& model) { return model.weights(); })
      .def_property_readonly("targets", &targets_of)
      .def_property_readonly("members", [](const Model& model) { return model.networks().size(); })
      .def_property_readonly("labels", [](const Model& model) { return model.task().labels; })
      .def_property_readonly("outputs", &Model::outputs)
      .def_property_readonly("several_labels", &Model::several_labels)
      .def_property_readonly("metadata", [](const Model& model) { return model.metadata(); })
      .def("set_metadata", &Model::set_metadata, py::arg("metadata"))
      .def("predict", &predict_table, py::arg("names"), py::arg("columns"), py::arg("rows"),
           py::arg("with_spread"))
      .def(
          "save",
          [](const Model& model, const std::filesystem::path& path) {
            const Unlocked unlocked;  // no Python object is touched, and disks are slow
            model.save(path);
          },
          py::arg("path"))
      .def("to_bytes", &bytes_of_model);
  m.def(
      "load_table_model",
      [](const std::filesystem::path& path) {
        return unlocked_model([&] { return fanin::load_table_model(path); });
      },
      py::arg("path"));
  m.def(
      "table_model_from_bytes",
      [](const py::bytes& data) {
        const std::string_view bytes = data;
        return unlocked_model([&] { return fanin::table_model_from_bytes(std::as_bytes(std::span(bytes))); });
      },
      py::arg("data"));
}
