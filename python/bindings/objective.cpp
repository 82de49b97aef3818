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
              const py::object& weights, double l2, bool frozen_batch_norm)
      : data_(make_data(net, x, y, weights)) {
    const Unlocked unlocked;  // the checks read every value
    objective_.emplace(net, data_.x.view, data_.targets.y, data_.targets.weights.view,
                       fanin::ObjectiveOptions{l2, frozen_batch_norm, signal_pending});
  }

  std::size_t size() const { return objective_->size(); }
  py::tuple shape() const { return py::make_tuple(objective_->rows(), objective_->outputs()); }

  double loss(const Vector& w) const {
    return call([&] { return objective_->loss(view(w)); });
  }

  py::tuple loss_and_gradient(const Vector& w) const {
    Vector gradient(static_cast<py::ssize_t>(size()));
    const std::span<T> out(gradient.mutable_data(), size());
    const double loss = call([&] { return objective_->loss_and_gradient(view(w), out); });
    return py::make_tuple(loss, gradient);
  }

  Vector hessian_product(const Vector& w, const Vector& v) const {
    return product([&](std::span<T> to) { objective_->hessian_product(view(w), view(v), to); });
  }
  Vector gauss_newton_product(const Vector& w, const Vector& v) const {
    return product([&](std::span<T> to) { objective_->gauss_newton_product(view(w), view(v), to); });
  }
  // (rows, outputs, size); all rows without any
  Vector jacobian(const Vector& w, const py::array_t<std::uint32_t, py::array::c_style>& rows) const {
    const std::span<const std::uint32_t> chosen(rows.data(), static_cast<std::size_t>(rows.size()));
    Vector out({chosen.empty() ? objective_->rows() : chosen.size(), objective_->outputs(), size()});
    const std::span<T> to(out.mutable_data(), static_cast<std::size_t>(out.size()));
    interruptible([&] { objective_->jacobian(view(w), to, chosen); });
    return out;
  }

 private:
  template <class F>
  Vector product(const F& f) const {
    Vector out(static_cast<py::ssize_t>(size()));
    const std::span<T> to(out.mutable_data(), size());
    interruptible([&] { f(to); });
    return out;
  }
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
      .def(py::init<const fanin::Network<T>&, const py::object&, const py::object&, const py::object&, double,
                    bool>(),
           py::arg("network"), py::arg("X"), py::arg("y"), py::arg("sample_weight"), py::arg("l2") = 0.0,
           py::arg("frozen_batch_norm") = false)
      .def_property_readonly("size", &Class::size)
      .def_property_readonly("shape", &Class::shape)
      .def("hessian_product", &Class::hessian_product, py::arg("w"), py::arg("v"))
      .def("gauss_newton_product", &Class::gauss_newton_product, py::arg("w"), py::arg("v"))
      .def("jacobian", &Class::jacobian, py::arg("w"), py::arg("rows"))
      .def("loss", &Class::loss, py::arg("w"))
      .def("loss_and_gradient", &Class::loss_and_gradient, py::arg("w"));
}

}  // namespace

void register_objective(py::module_& m) {
  register_objective_of<float>(m, "ObjectiveFloat32");
  register_objective_of<double>(m, "ObjectiveFloat64");
}
