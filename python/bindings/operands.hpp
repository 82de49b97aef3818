// Operands of `fanin.functional`: arrays of one precision, float32 if all inputs are, else float64. Inputs
// are read in place if possible, else converted; outputs are written in place and never converted.
#pragma once

#include <array>

#include "arrays.hpp"
#include "results.hpp"

namespace operands {

struct Input {
  const char* name;
  py::object value;
  int dimensions;  // or kAny
};
inline constexpr int kAny = -1;

inline py::array as_array(const Input& input) {
  // a fast path for the common case
  const bool known =
      arrays::is_plain_array(input.value) &&
      (py::isinstance<py::array_t<float>>(input.value) || py::isinstance<py::array_t<double>>(input.value));
  py::array array =
      known ? py::reinterpret_borrow<py::array>(input.value) : arrays::numbers(input.name, input.value);
  if (input.dimensions != kAny && array.ndim() != input.dimensions) {
    throw fanin::ValueError(std::string(input.name) + ": expected " +
                            (input.dimensions == 1 ? "one dimension" : "two dimensions") + ", got shape " +
                            arrays::shape_text(array));
  }
  return array;
}

// an aligned copy; other NumPy functions return an unaligned array of the right type unchanged
template <class T>
py::array_t<T> converted(const py::array& array) {
  return array.attr("astype")(py::dtype::of<T>());
}

// Calls f(T{}, arrays of T) for the precision T of the inputs
template <std::size_t N, class F>
auto with_inputs(const std::array<Input, N>& inputs, F&& f) {
  std::array<py::array, N> given;
  bool single = true;
  for (std::size_t i = 0; i < N; ++i) {
    given[i] = as_array(inputs[i]);
    single = single && py::isinstance<py::array_t<float>>(given[i]);
  }
  const auto call = [&](auto zero) {
    using T = decltype(zero);
    for (py::array& array : given) {
      if (!arrays::viewable<T>(array)) array = converted<T>(array);
    }
    return f(zero, given);
  };
  return single ? call(float{}) : call(double{});
}

// A new array, with the same offset in its cache line as an input of the same shape: loops over both cross
// cache lines together.
template <class T, class Inputs>
py::array_t<T> new_array(const std::vector<py::ssize_t>& shape, const Inputs& inputs) {
  const auto like = std::find_if(std::begin(inputs), std::end(inputs), [&](const py::array& input) {
    return std::equal(shape.begin(), shape.end(), input.shape(), input.shape() + input.ndim());
  });
  return results::array<T>(shape, like == std::end(inputs) ? nullptr : like->data());
}

// `out` after its checks, or a new array with the alignment of one of the inputs
template <class T, class Inputs>
py::array_t<T> output(const char* name, const py::object& out, const std::vector<py::ssize_t>& shape,
                      const Inputs& inputs) {
  if (out.is_none()) return new_array<T>(shape, inputs);
  if (!py::isinstance<py::array_t<T>>(out)) {
    const py::object type = py::isinstance<py::array>(out) ? py::object(out.attr("dtype"))
                                                           : py::object(py::type::of(out).attr("__name__"));
    throw py::type_error(std::string(name) + ": expected an array of float" + std::to_string(sizeof(T) * 8) +
                         ", got " + py::str(type).cast<std::string>());
  }
  auto array = py::reinterpret_borrow<py::array_t<T>>(out);
  if (!std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim())) {
    throw fanin::ValueError(std::string(name) + ": expected shape " +
                            py::str(py::tuple(py::cast(shape))).template cast<std::string>() + ", got " +
                            arrays::shape_text(array));
  }
  arrays::writable<T>(name, array);
  arrays::check_unmasked(name, array);
  return array;
}

template <class T>
void check_contiguous(const char* name, const py::array_t<T>& array) {
  if ((array.flags() & py::array::c_style) != 0) return;
  throw fanin::ValueError(std::string(name) + ": expected a C-contiguous array");
}

// The elements in index order: the array itself, or a copy
template <class T>
py::array contiguous(const py::array& array) {
  return py::array_t<T, py::array::c_style | py::array::forcecast>(array);
}

template <class T>
std::span<const T> elements(const py::array& array) {
  return {static_cast<const T*>(array.data()), static_cast<std::size_t>(array.size())};
}
template <class T>
std::span<T> elements(py::array_t<T>& array) {
  return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

template <class T>
fanin::MatrixView<T> writable_matrix(py::array_t<T>& array) {
  const fanin::MatrixView<const T> view = arrays::matrix_view<T>(array);
  return {array.mutable_data(), view.rows, view.columns, view.row_stride, view.column_stride};
}

inline std::vector<py::ssize_t> shape_of(const py::array& array) {
  return {array.shape(), array.shape() + array.ndim()};
}

}  // namespace operands
