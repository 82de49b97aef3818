// The loop of a fit, and the count of early stopping.
#include "fanin/fit.hpp"

#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include "register.hpp"

namespace {

using Figures = std::pair<double, double>;  // loss and metric

std::optional<std::size_t> run_epochs(
    std::size_t epochs, const std::function<double()>& train,
    const std::optional<std::function<Figures()>>& validate,
    const std::function<bool(std::size_t, double, std::optional<Figures>, double)>& after) {
  fanin::EpochLoop loop{epochs, [&] { return fanin::EpochResult{train(), false}; }, {}, {}};
  if (validate) {
    loop.validate = [&] {
      const Figures figures = (*validate)();
      return fanin::Evaluation{figures.first, figures.second};
    };
  }
  loop.after = [&](const fanin::Epoch& epoch) {
    std::optional<Figures> figures;
    if (epoch.validation) figures = {epoch.validation->loss, epoch.validation->metric};
    return after(epoch.number, epoch.loss, figures, epoch.seconds);
  };
  return fanin::run(loop);
}

}  // namespace

void register_fit(py::module_& m) {
  using fanin::Patience;
  py::class_<Patience>(m, "Patience")
      .def(py::init<std::size_t, double, bool>(), py::arg("patience"), py::arg("min_delta"),
           py::arg("higher_is_better"))
      .def("is_best", &Patience::is_best, py::arg("figure"))
      .def("runs_out", &Patience::runs_out)
      .def_property_readonly("epochs_without_progress", &Patience::epochs_without_progress)
      .def_readonly("best_epoch", &Patience::best_epoch);
  m.def("run_epochs", &run_epochs, py::arg("epochs"), py::arg("train"), py::arg("validate"),
        py::arg("after"));
}
