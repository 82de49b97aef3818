// What watching a fit has measured, as arrays.
#include "fanin/watch.hpp"

#include "arrays.hpp"
#include "register.hpp"

namespace {

using fanin::Watch;
using WatchedNumbers = py::array_t<double>;

// f(record) for each record
template <class T, class F>
py::array_t<T> of_records(const Watch& watch, F&& f) {
  py::array_t<T> result(static_cast<py::ssize_t>(watch.records().size()));
  T* to = result.mutable_data();
  for (const Watch::Record& record : watch.records()) *to++ = f(record);
  return result;
}

// (records, columns): f(record, column)
template <class F>
WatchedNumbers figures_by_record(const Watch& watch, std::size_t columns, F&& f) {
  WatchedNumbers result({watch.records().size(), columns});
  double* to = result.mutable_data();
  for (const Watch::Record& record : watch.records()) {
    for (std::size_t i = 0; i < columns; ++i) *to++ = f(record, i);
  }
  return result;
}

WatchedNumbers numbers_of_units(const std::vector<double>& values) {
  return WatchedNumbers(static_cast<py::ssize_t>(values.size()), values.data());
}

py::dict figures_of_watch(const Watch& watch) {
  using Record = Watch::Record;
  const auto number = [&](auto member) {
    return of_records<double>(watch, [=](const Record& record) { return record.*member; });
  };
  const auto count = [&](auto member) {
    return of_records<std::int64_t>(
        watch, [=](const Record& record) { return static_cast<std::int64_t>(record.*member); });
  };
  const auto of_layers = [&](auto member) {
    return figures_by_record(watch, watch.layers().size(),
                             [=](const Record& record, std::size_t i) { return record.layers[i].*member; });
  };
  const auto of_arrays = [&](auto member) {
    return figures_by_record(watch, watch.arrays().size(),
                             [=](const Record& record, std::size_t i) { return record.arrays[i].*member; });
  };
  py::dict figures;
  figures["every"] = watch.every();
  figures["first_loss"] = watch.first_loss();
  figures["layers"] = py::tuple(py::cast(watch.layers()));
  figures["arrays"] = py::tuple(py::cast(watch.arrays()));
  figures["epochs"] = count(&Record::epoch);
  figures["steps"] = count(&Record::steps);
  figures["loss"] = number(&Record::loss);
  figures["loss_deviation"] = number(&Record::loss_deviation);
  figures["highest_loss"] = number(&Record::highest_loss);
  figures["highest_step"] = count(&Record::highest_step);
  figures["cosine"] = number(&Record::cosine);
  figures["mean"] = of_layers(&Watch::OfLayer::mean);
  figures["deviation"] = of_layers(&Watch::OfLayer::deviation);
  figures["spread"] = of_layers(&Watch::OfLayer::spread);
  figures["dead"] = of_layers(&Watch::OfLayer::dead);
  figures["saturated"] = of_layers(&Watch::OfLayer::saturated);
  figures["gradient_of_layer"] = of_layers(&Watch::OfLayer::gradient);
  figures["gradient"] = of_arrays(&Watch::OfArray::gradient);
  figures["weight"] = of_arrays(&Watch::OfArray::weight);
  figures["update"] = of_arrays(&Watch::OfArray::update);
  return figures;
}

py::dict units_of_watch(const Watch& watch, std::size_t layer) {
  const Watch::Units units = watch.units(layer);
  py::dict figures;
  figures["rows"] = units.rows;
  figures["mean"] = numbers_of_units(units.mean);
  figures["deviation"] = numbers_of_units(units.deviation);
  figures["flat"] = numbers_of_units(units.flat);
  return figures;
}

}  // namespace

void register_watch(py::module_& m) {
  py::class_<Watch>(m, "Watch")
      .def_readonly_static("dead_share", &Watch::dead_share)
      .def_readonly_static("saturated_share", &Watch::saturated_share)
      .def(py::init<std::size_t>(), py::arg("every") = 0)
      .def("figures", &figures_of_watch)
      .def("units", &units_of_watch, py::arg("layer"));
}
