// Streams through recurrent layers, step by step.
#include "fanin/recurrent_state.hpp"

#include "operands.hpp"
#include "register.hpp"
#include "training.hpp"

namespace {

// The GIL is kept: a step takes about as long as releasing it.
template <class T>
py::array_t<T> step(const fanin::Network<T>& net, const py::object& x, fanin::RecurrentState<T>& state,
                    const py::object& out) {
  const bool known = arrays::is_plain_array(x) && py::isinstance<py::array_t<T>>(x);
  const py::array array = known ? py::reinterpret_borrow<py::array>(x) : arrays::numbers("x", x);
  const bool vector = array.ndim() == 1;
  if (!vector && array.ndim() != 2) {
    throw fanin::ValueError("x: expected shape (" + std::to_string(net.inputs()) + ",) or (" +
                            std::to_string(state.rows()) + ", " + std::to_string(net.inputs()) + "), got " +
                            arrays::shape_text(array));
  }
  const arrays::Matrix matrix =
      arrays::matrix_of(vector ? py::array(array[py::make_tuple(py::none())]) : array);
  std::vector<py::ssize_t> shape;
  if (!vector) shape.push_back(static_cast<py::ssize_t>(fanin::rows_of(matrix.view)));
  shape.push_back(static_cast<py::ssize_t>(net.outputs()));
  auto result = operands::output<T>("out", out, shape, std::array{array});
  operands::check_contiguous("out", result);
  const std::size_t rows = vector ? 1 : fanin::rows_of(matrix.view);
  net.step(matrix.view, fanin::row_major(result.mutable_data(), rows, net.outputs()), state);
  return result;
}

template <class T>
void register_state(py::module_& m, const std::string& suffix) {
  using State = fanin::RecurrentState<T>;
  using Net = fanin::Network<T>;
  py::class_<State>(m, ("RecurrentState" + suffix).c_str())
      .def_property_readonly("rows", &State::rows)
      .def("reset", &State::reset)
      .def("copy", [](const State& state) { return State(state); });
  auto network = py::reinterpret_borrow<py::class_<Net>>(m.attr(("Network" + suffix).c_str()));
  network.def_property_readonly("recurrent", &Net::recurrent)
      .def_property_readonly("many_to_many", &Net::many_to_many)
      .def("new_state", &Net::new_state, py::arg("rows"))
      .def("step", &step<T>, py::arg("x"), py::arg("state"), py::arg("out") = py::none());
}

}  // namespace

void register_recurrent(py::module_& m) {
  register_state<float>(m, "Float32");
  register_state<double>(m, "Float64");
}
