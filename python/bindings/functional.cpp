// The kernels as functions of the user's arrays.
#include "fanin/functional.hpp"

#include "fanin/names.hpp"
#include "operands.hpp"
#include "unlocked.hpp"

namespace {

using operands::Input;

fanin::Activation activation_of(const py::object& name) {
  return fanin::from_name<fanin::Activation>(fanin::Activations{}, "activation",
                                             py::str(name).cast<std::string>());
}

py::object dense(const py::object& x, const py::object& w, const py::object& b, const py::object& activation,
                 const py::object& out) {
  const fanin::Activation f = activation_of(activation);
  const bool biased = !b.is_none();
  // without biases, x takes their place so that the precision does not change
  const std::array<Input, 3> inputs{{{"x", x, 2}, {"w", w, 2}, {"b", biased ? b : x, biased ? 1 : 2}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    const auto from = arrays::matrix_view<T>(given[0]), weights = arrays::matrix_view<T>(given[1]);
    auto result = operands::output<T>("out", out, {given[0].shape(0), given[1].shape(1)}, given);
    const auto to = operands::writable_matrix(result);
    const py::array biases = biased ? operands::contiguous<T>(given[2]) : py::array();
    const auto added = biased ? operands::elements<T>(biases) : std::span<const T>();
    if (biased && added.empty() && weights.columns > 0) {
      throw fanin::ValueError("b: expected " + std::to_string(weights.columns) + " elements, got 0");
    }
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::dense<T>(to, from, weights, added, f);
    }
    return result;
  });
}

// dx (or None), dw and db
py::tuple dense_backward(const py::object& dz, const py::object& x, const py::object& w,
                         const std::array<py::object, 3>& out, bool with_dx) {
  const std::array<Input, 3> inputs{{{"dz", dz, 2}, {"x", x, 2}, {"w", w, 2}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::tuple {
    using T = decltype(zero);
    const auto gradient = arrays::matrix_view<T>(given[0]), from = arrays::matrix_view<T>(given[1]),
               weights = arrays::matrix_view<T>(given[2]);
    py::array_t<T> dx;
    if (with_dx) dx = operands::output<T>("dx", out[0], operands::shape_of(given[1]), given);
    auto dw = operands::output<T>("dw", out[1], operands::shape_of(given[2]), given);
    auto db = operands::output<T>("db", out[2], {given[2].shape(1)}, given);
    operands::check_contiguous("db", db);
    const auto to_x = with_dx ? operands::writable_matrix(dx) : fanin::MatrixView<T>{};
    const auto to_w = operands::writable_matrix(dw);
    const auto to_b = operands::elements(db);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::dense_backward<T>(to_x, to_w, to_b, gradient, from, weights);
    }
    return py::make_tuple(with_dx ? py::object(dx) : py::none(), dw, db);
  });
}

template <class T, std::size_t N>
py::array_t<T> elementwise_output(const py::object& out, const std::array<py::array, N>& given) {
  auto result = operands::output<T>("out", out, operands::shape_of(given[0]), given);
  operands::check_contiguous("out", result);
  return result;
}

py::object activate(const py::object& z, const py::object& activation, const py::object& out) {
  const fanin::Activation f = activation_of(activation);
  const std::array<Input, 1> inputs{{{"z", z, operands::kAny}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    const py::array from = operands::contiguous<T>(given[0]);
    auto result = elementwise_output<T>(out, given);
    const auto a = operands::elements(result);
    const auto input = operands::elements<T>(from);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::activate<T>(f, a, input);
    }
    return result;
  });
}

py::object activate_backward(const py::object& da, const py::object& z, const py::object& activation,
                             const py::object& out) {
  const fanin::Activation f = activation_of(activation);
  const std::array<Input, 2> inputs{{{"da", da, operands::kAny}, {"z", z, operands::kAny}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    if (operands::shape_of(given[0]) != operands::shape_of(given[1])) {
      throw fanin::ValueError("da: expected shape " + arrays::shape_text(given[1]) + " like z, got " +
                              arrays::shape_text(given[0]));
    }
    const py::array from = operands::contiguous<T>(given[0]), at = operands::contiguous<T>(given[1]);
    auto result = elementwise_output<T>(out, given);
    const auto dz = operands::elements(result);
    const auto gradient = operands::elements<T>(from), input = operands::elements<T>(at);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::activate_backward<T>(f, dz, gradient, input);
    }
    return result;
  });
}

fanin::Loss loss_of(const std::string& name, const py::dict& values) {
  return arrays::make_loss(name, values);
}

// The loss, or its gradient
py::object loss(const std::string& name, const py::dict& values, const py::object& a, const py::object& y,
                const py::object& sample_weight, bool gradient_wanted, const py::object& out) {
  const fanin::Loss chosen = loss_of(name, values);
  const std::array<Input, 1> inputs{{{"a", a, 2}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    const auto outputs = arrays::matrix_view<T>(given[0]);
    const arrays::TargetArrays targets =
        arrays::targets(chosen, y, sample_weight, outputs.rows, outputs.columns);
    py::array_t<T> da;
    fanin::MatrixView<T> gradient;
    if (gradient_wanted) {
      da = operands::output<T>("out", out, operands::shape_of(given[0]), given);
      gradient = operands::writable_matrix(da);
    }
    double mean = 0;
    {
      const Unlocked unlocked;  // this function holds the arrays
      mean = fanin::loss_and_gradient<T>(chosen, gradient, outputs, targets.y, targets.weights.view);
    }
    return gradient_wanted ? py::object(da) : py::object(py::float_(mean));
  });
}

py::object loss_outputs(const std::string& name, const py::dict& values, const py::object& a,
                        const py::object& out) {
  const fanin::Loss chosen = loss_of(name, values);
  const std::array<Input, 1> inputs{{{"a", a, 2}}};
  return operands::with_inputs(inputs, [&](auto zero, const auto& given) -> py::object {
    using T = decltype(zero);
    const auto from = arrays::matrix_view<T>(given[0]);
    auto result = operands::output<T>("out", out, operands::shape_of(given[0]), given);
    const auto to = operands::writable_matrix(result);
    {
      const Unlocked unlocked;  // this function holds the arrays
      fanin::loss_outputs<T>(chosen, to, from);
    }
    return result;
  });
}

}  // namespace

void register_functional(py::module_& m) {
  m.def("dense", &dense, py::arg("x"), py::arg("w"), py::arg("b"), py::arg("activation"), py::arg("out"));
  m.def("dense_backward", &dense_backward, py::arg("dz"), py::arg("x"), py::arg("w"), py::arg("out"),
        py::arg("with_dx"));
  m.def("activate", &activate, py::arg("z"), py::arg("activation"), py::arg("out"));
  m.def("activate_backward", &activate_backward, py::arg("da"), py::arg("z"), py::arg("activation"),
        py::arg("out"));
  m.def("loss", &loss, py::arg("name"), py::arg("values"), py::arg("a"), py::arg("y"),
        py::arg("sample_weight"), py::arg("gradient_wanted"), py::arg("out"));
  m.def("loss_outputs", &loss_outputs, py::arg("name"), py::arg("values"), py::arg("a"), py::arg("out"));
}
