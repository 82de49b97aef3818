// The kernels on people's own arrays. The Python side has converted inputs to one of float32 and float64;
// outputs are written in place and never converted.
#include "fanin/functional.hpp"

#include "arrays.hpp"
#include "fanin/names.hpp"

namespace {

fanin::Activation activation_of(const std::string& name) {
  return fanin::from_name<fanin::Activation>(fanin::Activations{}, "activation", name);
}

template <class T>
fanin::MatrixView<const T> input_matrix(const char* name, const py::array_t<T>& array) {
  if (array.ndim() != 2) {
    throw fanin::ValueError(std::string(name) + ": expected two dimensions, got shape " +
                            arrays::shape_text(array));
  }
  return arrays::matrix_view<T>(array);
}

template <class T>
fanin::MatrixView<T> output_matrix(const char* name, py::array_t<T>& array) {
  const fanin::MatrixView<const T> view = input_matrix(name, array);
  return {arrays::writable<T>(name, array), view.rows, view.columns, view.row_stride, view.column_stride};
}

template <class T>
std::span<const T> input_span(const py::array_t<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <class T>
std::span<T> output_span(const char* name, py::array_t<T>& array) {
  return {arrays::writable<T>(name, array), static_cast<std::size_t>(array.size())};
}

template <class T>
void dense(py::array_t<T> out, const py::array_t<T>& x, const py::array_t<T>& w, const py::array_t<T>& b,
           const std::string& activation) {
  const auto to = output_matrix("out", out);
  const auto from = input_matrix("x", x), weights = input_matrix("w", w);
  const fanin::Activation f = activation_of(activation);
  const py::gil_scoped_release unlocked;  // the arguments hold the arrays
  fanin::dense<T>(to, from, weights, input_span(b), f);
}

template <class T>
void dense_backward(py::array_t<T> dx, py::array_t<T> dw, py::array_t<T> db, const py::array_t<T>& dz,
                    const py::array_t<T>& x, const py::array_t<T>& w) {
  const auto to_x = output_matrix("dx", dx), to_w = output_matrix("dw", dw);
  const auto to_b = output_span("db", db);
  const auto gradient = input_matrix("dz", dz), from = input_matrix("x", x), weights = input_matrix("w", w);
  const py::gil_scoped_release unlocked;  // the arguments hold the arrays
  fanin::dense_backward<T>(to_x, to_w, to_b, gradient, from, weights);
}

template <class T>
void activate(const std::string& activation, py::array_t<T> a, const py::array_t<T>& z) {
  const auto to = output_span("out", a);
  const fanin::Activation f = activation_of(activation);
  const py::gil_scoped_release unlocked;  // the arguments hold the arrays
  fanin::activate<T>(f, to, input_span(z));
}

template <class T>
void activate_backward(const std::string& activation, py::array_t<T> dz, const py::array_t<T>& da,
                       const py::array_t<T>& z) {
  const auto to = output_span("out", dz);
  const fanin::Activation f = activation_of(activation);
  const py::gil_scoped_release unlocked;  // the arguments hold the arrays
  fanin::activate_backward<T>(f, to, input_span(da), input_span(z));
}

// the loss and, in `da` unless it is None, its gradient
template <class T>
double loss(const std::string& name, const py::dict& values, const py::object& da, const py::array_t<T>& a,
            const py::object& y, const py::object& sample_weight) {
  const auto chosen = arrays::make_entry<fanin::Loss>(fanin::Losses{}, "loss", name, values);
  const auto outputs = input_matrix("a", a);
  const arrays::TargetArrays targets =
      arrays::targets<T>(chosen, y, sample_weight, outputs.rows, outputs.columns);
  fanin::MatrixView<T> gradient;
  py::array_t<T> gradient_array;
  if (!da.is_none()) {
    gradient_array = py::reinterpret_borrow<py::array_t<T>>(da);
    gradient = output_matrix("out", gradient_array);
  }
  const py::gil_scoped_release unlocked;  // everything is held by this function
  return fanin::loss_and_gradient<T>(chosen, gradient, outputs, targets.y, targets.weights);
}

template <class T>
void loss_outputs(const std::string& name, const py::dict& values, py::array_t<T> out,
                  const py::array_t<T>& a) {
  const auto chosen = arrays::make_entry<fanin::Loss>(fanin::Losses{}, "loss", name, values);
  const auto to = output_matrix("out", out);
  const auto from = input_matrix("a", a);
  const py::gil_scoped_release unlocked;  // the arguments hold the arrays
  fanin::loss_outputs<T>(chosen, to, from);
}

template <class T>
void register_functional_of(py::module_& m) {
  m.def("dense", &dense<T>, py::arg("out").noconvert(), py::arg("x").noconvert(), py::arg("w").noconvert(),
        py::arg("b").noconvert(), py::arg("activation"));
  m.def("dense_backward", &dense_backward<T>, py::arg("dx").noconvert(), py::arg("dw").noconvert(),
        py::arg("db").noconvert(), py::arg("dz").noconvert(), py::arg("x").noconvert(),
        py::arg("w").noconvert());
  m.def("activate", &activate<T>, py::arg("activation"), py::arg("a").noconvert(), py::arg("z").noconvert());
  m.def("activate_backward", &activate_backward<T>, py::arg("activation"), py::arg("dz").noconvert(),
        py::arg("da").noconvert(), py::arg("z").noconvert());
  m.def("loss", &loss<T>, py::arg("name"), py::arg("values"), py::arg("da"), py::arg("a").noconvert(),
        py::arg("y"), py::arg("sample_weight"));
  m.def("loss_outputs", &loss_outputs<T>, py::arg("name"), py::arg("values"), py::arg("out").noconvert(),
        py::arg("a").noconvert());
}

}  // namespace

void register_functional(py::module_& m) {
  register_functional_of<float>(m);
  register_functional_of<double>(m);
}
