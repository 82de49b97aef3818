// The loop of a fit, its budget, the count of early stopping, and training several networks together.
#include "fanin/fit.hpp"

#include "fanin/population.hpp"
#include "register.hpp"
#include "unlocked.hpp"

namespace {

using Figures = std::pair<double, double>;

template <class... A>
py::object call(const py::function& f, const A&... arguments) {
  return or_sleep_to_the_end([&] { return f(arguments...); });
}

// validate() -> (loss, metric), after(epoch, loss, rate, validated, seconds) -> whether to stop
fanin::EpochLoop make_loop(std::size_t epochs, const std::optional<py::function>& validate,
                           const py::function& after, const fanin::Budget& budget) {
  std::function<fanin::Evaluation()> validation;
  if (validate) {
    validation = [f = *validate] {
      const auto figures = call(f).cast<Figures>();
      return fanin::Evaluation{figures.first, figures.second};
    };
  }
  return {epochs, std::move(validation),
          [after](const fanin::Epoch& epoch) {
            std::optional<Figures> figures;
            if (epoch.validation) figures = {epoch.validation->loss, epoch.validation->metric};
            return call(after, epoch.number, epoch.loss, epoch.learning_rate, figures, epoch.seconds)
                .cast<bool>();
          },
          &budget};
}

using Knots = std::vector<std::tuple<std::size_t, double, double>>;

fanin::Budget make_budget(std::optional<std::size_t> max_steps, const Knots& given,
                          std::optional<double> max_time) {
  if (!max_steps) return fanin::Budget({}, max_time);
  std::vector<fanin::Knot> knots;
  for (const auto& [at, done, steps] : given) knots.push_back({at, done, steps});
  return fanin::Budget(fanin::Steps(*max_steps, std::move(knots)), max_time);
}

Knots knots_of(const fanin::Budget& budget) {
  Knots knots;
  for (const fanin::Knot& knot : budget.knots()) knots.emplace_back(knot.at, knot.done, knot.steps);
  return knots;
}

std::vector<fanin::Population::Ended> run(fanin::Population& population) {
  // nothing below touches Python objects except signal_pending, which acquires the GIL
  return interruptible([&] { return population.run(); });
}

// Returns loss, learning rate and seconds, or throws the exception that ended the epoch
std::tuple<double, double, double> figures_of(const fanin::Population::Ended& epoch) {
  if (epoch.error) std::rethrow_exception(epoch.error);
  return {epoch.result.loss, epoch.result.learning_rate, epoch.seconds};
}

}  // namespace

void register_fit(py::module_& m) {
  using fanin::Patience;
  py::class_<Patience>(m, "Patience")
      .def(py::init<std::size_t, double, bool, double>(), py::arg("patience"), py::arg("min_delta"),
           py::arg("higher_is_better"), py::arg("min_share"))
      .def("is_best", &Patience::is_best, py::arg("figure"))
      .def("runs_out", &Patience::runs_out)
      .def("renew", &Patience::renew)
      .def_property_readonly("epochs_without_progress", &Patience::epochs_without_progress)
      .def_readonly("best_epoch", &Patience::best_epoch);
  using fanin::Budget;
  py::class_<Budget>(m, "Budget")
      .def(py::init(&make_budget), py::arg("max_steps"), py::arg("knots"), py::arg("max_time"))
      .def_property_readonly("taken", &Budget::taken)
      .def_property_readonly("knots", &knots_of)
      .def_property_readonly("spent", &Budget::spent);
  using fanin::EpochLoop;
  py::class_<EpochLoop>(m, "EpochLoop")
      .def(py::init(&make_loop), py::arg("epochs"), py::arg("validate"), py::arg("after"), py::arg("budget"),
           py::keep_alive<1, 5>())
      .def_property_readonly("more", &EpochLoop::more)
      .def_property_readonly("stopped_epoch", &EpochLoop::stopped_epoch)
      .def(
          "epoch_ended",
          [](EpochLoop& loop, double loss, double rate, double seconds) {
            loop.epoch_ended({loss, false, 1, rate}, seconds);
          },
          py::arg("loss"), py::arg("rate"), py::arg("seconds"))
      .def(
          "run",
          [](EpochLoop& loop, const py::function& train) {
            loop.run([&] {
              const auto [loss, rate] = call(train).cast<std::pair<double, double>>();
              return fanin::EpochResult{loss, false, 1, rate};
            });
          },
          py::arg("train"));
  using fanin::Population;
  py::class_<Population::Ended>(m, "EndedEpoch")
      .def_readonly("number", &Population::Ended::number)
      .def("figures", &figures_of);
  py::class_<Population>(m, "Population")
      .def(py::init([] { return std::make_unique<Population>(signal_pending); }))
      .def("run", &run)
      .def("close", &Population::stop, py::call_guard<Unlocked>());
}
