#include "fanin/objective.hpp"

#include "register.hpp"
#include "training.hpp"
#include "unlocked.hpp"

namespace {

template <class T>
class PyObjective {
 public:
  using Vector = py::array_t<T, py::array::c_style>;

  PyObjective(const fanin::Network<T>& net, const py::object& x, const py::object& y,
              const py::object& weights, double l2)
      : data_(make_data(net, x, y, weights)) {
    const Unlocked unlocked;  // the checks read every value
    objective_.emplace(net, data_.x.view, data_.targets.y, data_.targets.weights.view, signal_pending, l2);
  }

  std::size_t size() const { return objective_->size(); }

  double loss(const Vector& w) const {
    return call([&] { return objective_->loss(view(w)); });
  }

  py::tuple loss_and_gradient(const Vector& w) const {
    Vector gradient(static_cast<py::ssize_t>(size()));
    const std::span<T> out(gradient.mutable_data(), size());
    const double loss = call([&] { return objective_->loss_and_gradient(view(w), out); });
    return py::make_tuple(loss, gradient);
  }

 private:
  static std::span<const T> view(const Vector& w) { return {w.data(), static_cast<std::size_t>(w.size())}; }

  // The caller and data_ hold the arrays, and nothing touches Python except signal_pending, which acquires
  // the GIL.
  template <class F>
  static double call(const F& f) {
    return interruptible(f);
  }

  Data data_;
  std::optional<fanin::Objective<T>> objective_;
};

template <class T>
void register_objective_of(py::module_& m, const char* name) {
  using Class = PyObjective<T>;
  py::class_<Class>(m, name)
      .def(py::init<const fanin::Network<T>&, const py::object&, const py::object&, const py::object&,
                    double>(),
           py::arg("network"), py::arg("X"), py::arg("y"), py::arg("sample_weight"), py::arg("l2") = 0.0)
      .def_property_readonly("size", &Class::size)
      .def("loss", &Class::loss, py::arg("w"))
      .def("loss_and_gradient", &Class::loss_and_gradient, py::arg("w"));
}

}  // namespace

void register_objective(py::module_& m) {
  register_objective_of<float>(m, "ObjectiveFloat32");
  register_objective_of<double>(m, "ObjectiveFloat64");
}
