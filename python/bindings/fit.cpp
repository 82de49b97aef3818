// The loop of a fit, and the count of early stopping.
#include "fanin/fit.hpp"

#include <pybind11/stl.h>

#include "register.hpp"
#include "unlocked.hpp"

namespace {

// train() -> loss, validate() -> (loss, metric), after(epoch, loss, validated, seconds) -> whether to stop
std::optional<std::size_t> run_epochs(std::size_t epochs, const py::function& train,
                                      const std::optional<py::function>& validate,
                                      const py::function& after) {
  using Figures = std::pair<double, double>;
  const auto call = [](const py::function& f, const auto&... arguments) {
    return or_sleep_to_the_end([&] { return f(arguments...); });
  };
  fanin::EpochLoop loop{
      epochs, [&] { return fanin::EpochResult{call(train).cast<double>(), false}; }, {}, {}};
  if (validate) {
    loop.validate = [&] {
      const auto figures = call(*validate).cast<Figures>();
      return fanin::Evaluation{figures.first, figures.second};
    };
  }
  loop.after = [&](const fanin::Epoch& epoch) {
    std::optional<Figures> figures;
    if (epoch.validation) figures = {epoch.validation->loss, epoch.validation->metric};
    return call(after, epoch.number, epoch.loss, figures, epoch.seconds).cast<bool>();
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
