// Batch normalization of the user's arrays.
#include "fanin/functional.hpp"
#include "operands.hpp"
#include "unlocked.hpp"

namespace {

using operands::Input;

// A matrix that is contiguous along each row: the array itself, or a copy
template <class T>
py::array with_rows(const py::array& array) {
  const bool rows = array.shape(1) <= 1 || array.strides(1) == static_cast<py::ssize_t>(sizeof(T));
  return rows ? array : operands::contiguous<T>(array);
}

double number(const char* name, const py::object& value) {
  const double result = PyFloat_AsDouble(value.ptr());
  if (result != -1 || PyErr_Occurred() == nullptr) return result;
  PyErr_Clear();
  throw py::type_error(std::string(name) + ": expected a number, got " + py::repr(value).cast<std::string>());
}

// Returns y, x as it was read, gamma, mean, variance and offset
py::tuple batch_norm(const py::object& x, const py::object& gamma, const py::object& beta,
                     const py::object& epsilon, const py::object& out) {
  const double eps = number("epsilon", epsilon);
  const std::array<Input, 3> inputs{{{"x", x, 2}, {"gamma", gamma, 1}, {"beta", beta, 1}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::tuple {
    using T = decltype(zero);
    const py::array rows = with_rows<T>(given[0]);
    const py::array scale = operands::contiguous<T>(given[1]), added = operands::contiguous<T>(given[2]);
    const auto from = arrays::matrix_view<T>(rows);
    auto y = operands::output<T>("out", out, operands::shape_of(given[0]), given);
    const auto to = operands::writable_matrix(y);
    const auto columns = static_cast<py::ssize_t>(from.columns);
    py::array_t<T> mean(columns), variance(columns), offset(columns);
    const auto gammas = operands::elements<T>(scale), betas = operands::elements<T>(added);
    const auto means = operands::elements(mean), variances = operands::elements(variance),
               offsets = operands::elements(offset);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::batch_norm<T>(to, means, variances, offsets, from, gammas, betas, eps);
    }
    return py::make_tuple(y, rows, scale, mean, variance, offset);
  });
}

py::tuple batch_norm_backward(const py::object& dy, const py::object& x, const py::object& gamma,
                              const py::object& variance, const py::object& offset, const py::object& epsilon,
                              const std::array<py::object, 3>& out) {
  const double eps = number("epsilon", epsilon);
  const std::array<Input, 5> inputs{
      {{"dy", dy, 2}, {"x", x, 2}, {"gamma", gamma, 1}, {"variance", variance, 1}, {"offset", offset, 1}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::tuple {
    using T = decltype(zero);
    const py::array gradient_rows = with_rows<T>(given[0]), rows = with_rows<T>(given[1]);
    const std::array<py::array, 3> kept{operands::contiguous<T>(given[2]), operands::contiguous<T>(given[3]),
                                        operands::contiguous<T>(given[4])};
    const auto gradient = arrays::matrix_view<T>(gradient_rows), from = arrays::matrix_view<T>(rows);
    const std::vector<py::ssize_t> columns{given[1].shape(1)};
    std::array<py::array_t<T>, 3> result{
        operands::output<T>("dx", out[0], operands::shape_of(given[1]), given),
        operands::output<T>("dgamma", out[1], columns, given),
        operands::output<T>("dbeta", out[2], columns, given)};
    operands::check_contiguous("dgamma", result[1]);
    operands::check_contiguous("dbeta", result[2]);
    const auto to = operands::writable_matrix(result[0]);
    const auto of_gamma = operands::elements(result[1]), of_beta = operands::elements(result[2]);
    const auto gammas = operands::elements<T>(kept[0]), variances = operands::elements<T>(kept[1]),
               offsets = operands::elements<T>(kept[2]);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::batch_norm_backward<T>(to, of_gamma, of_beta, gradient, from, variances, offsets, gammas, eps);
    }
    return py::make_tuple(result[0], result[1], result[2]);
  });
}

py::object batch_norm_inference(const py::object& x, const py::object& mean, const py::object& variance,
                                const py::object& gamma, const py::object& beta, const py::object& epsilon,
                                const py::object& out) {
  const double eps = number("epsilon", epsilon);
  const std::array<Input, 5> inputs{
      {{"x", x, 2}, {"mean", mean, 1}, {"variance", variance, 1}, {"gamma", gamma, 1}, {"beta", beta, 1}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    const py::array rows = with_rows<T>(given[0]);
    std::array<py::array, 4> kept;
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = operands::contiguous<T>(given[i + 1]);
    auto y = operands::output<T>("out", out, operands::shape_of(given[0]), given);
    const auto to = operands::writable_matrix(y);
    const auto from = arrays::matrix_view<T>(rows);
    const auto means = operands::elements<T>(kept[0]), variances = operands::elements<T>(kept[1]),
               gammas = operands::elements<T>(kept[2]), betas = operands::elements<T>(kept[3]);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::batch_norm_inference<T>(to, from, means, variances, gammas, betas, eps);
    }
    return y;
  });
}

}  // namespace

void register_batch_norm(py::module_& m) {
  m.def("batch_norm", &batch_norm, py::arg("x"), py::arg("gamma"), py::arg("beta"), py::arg("epsilon"),
        py::arg("out"));
  m.def("batch_norm_backward", &batch_norm_backward, py::arg("dy"), py::arg("x"), py::arg("gamma"),
        py::arg("variance"), py::arg("offset"), py::arg("epsilon"), py::arg("out"));
  m.def("batch_norm_inference", &batch_norm_inference, py::arg("x"), py::arg("mean"), py::arg("variance"),
        py::arg("gamma"), py::arg("beta"), py::arg("epsilon"), py::arg("out"));
}
