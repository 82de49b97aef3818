// The kinds of arrays that come from Python, and their checks. Read-only inputs may be converted; a view
// keeps its array alive.
#pragma once

#include <pybind11/gil_safe_call_once.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "entries.hpp"
#include "fanin/error.hpp"
#include "fanin/views.hpp"
#include "register.hpp"

namespace arrays {

inline const py::module_& numpy_module() {
  static py::gil_safe_call_once_and_store<py::module_> stored;
  return stored.call_once_and_store_result([] { return py::module_::import("numpy"); }).get_stored();
}

// Exactly numpy.ndarray: an instance of a subclass may give its memory another meaning
inline bool is_plain_array(const py::handle& value) {
  return Py_TYPE(value.ptr()) == py::detail::npy_api::get().PyArray_Type_;
}

inline bool is_masked_array(const py::handle& value) {
  return !is_plain_array(value) && py::isinstance<py::array>(value) &&
         py::isinstance(value, numpy_module().attr("ma").attr("MaskedArray"));
}

// Whether a list, or a list nested in it, contains a masked array; NumPy would drop its mask
inline bool lists_masked_arrays(const py::handle& value, int deepest = 64) {
  if (!PyList_Check(value.ptr()) && !PyTuple_Check(value.ptr())) return is_masked_array(value);
  const auto listed = py::reinterpret_borrow<py::sequence>(value);
  return deepest > 0 && std::any_of(listed.begin(), listed.end(), [&](const py::handle& one) {
           return lists_masked_arrays(one, deepest - 1);
         });
}

// Converts such a list to a masked array
inline py::object stacked(const py::handle& value) {
  const py::object ma = numpy_module().attr("ma");
  if (!PyList_Check(value.ptr()) && !PyTuple_Check(value.ptr())) return ma.attr("asarray")(value);
  py::list parts;
  for (const py::handle& one : py::reinterpret_borrow<py::sequence>(value)) parts.append(stacked(one));
  return ma.attr("stack")(parts);
}

// Converts a value to a NumPy array: a list, or, without a copy, anything that supports the buffer protocol,
// DLPack or NumPy's own protocols
inline py::array as_array(const py::object& value) {
  if (py::isinstance<py::array>(value)) return py::reinterpret_borrow<py::array>(value);
  if (lists_masked_arrays(value)) return stacked(value);
  const bool only_dlpack = py::hasattr(value, "__dlpack__") && !py::hasattr(value, "__array__") &&
                           !PyObject_CheckBuffer(value.ptr());
  return numpy_module().attr(only_dlpack ? "from_dlpack" : "asarray")(value);
}

inline void check_unmasked(const char* name, const py::array& array) {
  if (!is_masked_array(array)) return;
  const py::object mask = numpy_module().attr("ma").attr("getmaskarray")(array);
  const py::array masked = numpy_module().attr("argwhere")(mask);
  if (masked.shape(0) == 0) return;
  std::string place;
  for (py::ssize_t axis = 0; axis < masked.shape(1); ++axis) {
    place += (axis == 0   ? "row "
              : axis == 1 ? ", column "
                          : ", ") +
             py::str(masked[py::make_tuple(0, axis)]).cast<std::string>();
  }
  throw fanin::ValueError(std::string(name) + ": " + place + " is masked; missing values are not supported");
}

// The end of the message about labels that are strings
inline constexpr const char* kLabelsOfTexts =
    "; convert class names to integer labels with classes, y = np.unique(y, return_inverse=True)";

// Any array-like as a NumPy array; TypeError unless it holds real numbers, or if its library does not give
// access: on another device, or because it requires a gradient
inline py::array numbers(const char* name, const py::object& value, const char* expected = "real numbers") {
  py::array array;
  try {
    array = as_array(value);
  } catch (py::error_already_set& error) {
    const bool hidden = error.matches(PyExc_TypeError) || error.matches(PyExc_RuntimeError) ||
                        error.matches(PyExc_BufferError);
    if (!hidden && !error.matches(PyExc_ValueError)) throw;
    const std::string words =
        std::string(name) + ": expected an array of numbers; " + py::str(error.value()).cast<std::string>();
    if (hidden) throw py::type_error(words);
    throw fanin::ValueError(words);
  }
  const py::dtype dtype = array.dtype();
  constexpr int first_of_other_libraries = 256;  // types such as bfloat16, whatever kind they claim to be
  if (dtype.num() >= first_of_other_libraries ||
      std::string("fiub").find(dtype.kind()) == std::string::npos) {
    // NumPy wraps None or a sparse matrix, for example, in an array of objects
    const bool unknown = dtype.kind() == 'O' && array.ndim() == 0 && !py::isinstance<py::array>(value);
    if (unknown && py::hasattr(value, "tocsr")) expected = "a dense array";
    const bool texts = std::string_view(name) == "y" && array.ndim() > 0 &&
                       std::string("OSUT").find(dtype.kind()) != std::string::npos;
    const py::object got = unknown ? py::object(py::type::of(value).attr("__name__")) : py::object(dtype);
    throw py::type_error(std::string(name) + ": expected " + expected +
                         (unknown ? ", got " : ", got dtype ") + py::str(got).cast<std::string>() +
                         (texts ? kLabelsOfTexts : ""));
  }
  check_unmasked(name, array);
  return is_masked_array(array) ? py::array(numpy_module().attr("asarray")(array)) : array;
}

inline std::string shape_text(const py::array& array) {
  return py::str(static_cast<py::object>(array.attr("shape"))).cast<std::string>();
}

// strides of axes of length 0 and 1 have no meaning
template <class S>
bool viewable(const py::array& array) {
  if (!py::isinstance<py::array_t<S>>(array)) return false;
  if (array.size() == 0) return true;
  const auto size = static_cast<py::ssize_t>(sizeof(S));
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    if (array.shape(i) > 1 && array.strides(i) % size != 0) return false;
  }
  return reinterpret_cast<std::uintptr_t>(array.data()) % sizeof(S) == 0;
}

template <class S>
fanin::MatrixView<const S> matrix_view(const py::array& array) {
  const auto size = static_cast<std::ptrdiff_t>(sizeof(S));
  const bool column = array.ndim() == 1;
  return {static_cast<const S*>(array.data()), static_cast<std::size_t>(array.shape(0)),
          column ? 1 : static_cast<std::size_t>(array.shape(1)), array.strides(0) / size,
          column ? 1 : array.strides(1) / size};
}

// The number type of a dtype that `numbers` has accepted
inline fanin::NumberType number_type(const py::dtype& dtype) {
  using fanin::NumberType;
  const auto size = dtype.itemsize();
  if (dtype.kind() == 'b') return NumberType::boolean;
  if (dtype.kind() == 'f') {
    if (size == 2) return NumberType::float16;
    if (size == 4) return NumberType::float32;
    return size == 8 ? NumberType::float64 : NumberType::long_double;
  }
  const bool is_signed = dtype.kind() == 'i';
  if (size == 1) return is_signed ? NumberType::int8 : NumberType::uint8;
  if (size == 2) return is_signed ? NumberType::int16 : NumberType::uint16;
  if (size == 4) return is_signed ? NumberType::int32 : NumberType::uint32;
  return is_signed ? NumberType::int64 : NumberType::uint64;
}

inline fanin::NumberMatrix number_matrix(const py::array& array) {
  const py::dtype dtype = array.dtype();
  const bool column = array.ndim() == 1;
  return {number_type(dtype),
          static_cast<const std::byte*>(array.data()),
          static_cast<std::size_t>(array.shape(0)),
          column ? 1 : static_cast<std::size_t>(array.shape(1)),
          array.strides(0),
          column ? dtype.itemsize() : array.strides(1),
          !dtype.attr("isnative").cast<bool>()};
}

// An array of numbers viewed as a matrix; or the values of sparse rows, with their places; or coded rows,
// which are their own place
struct Matrix {
  py::array array;
  fanin::Samples view;
  py::object places = {};
};

inline Matrix matrix_of(const py::array& array) {
  if (viewable<float>(array)) return {array, matrix_view<float>(array)};
  if (viewable<double>(array)) return {array, matrix_view<double>(array)};
  return {array, number_matrix(array)};
}

inline Matrix matrix(const char* name, const py::object& value, bool column_allowed,
                     const std::string& expected) {
  // a fast path for the common case
  const bool known = is_plain_array(value) && py::isinstance<py::array_t<float>>(value);
  py::array array = known ? py::reinterpret_borrow<py::array>(value) : numbers(name, value);
  if (array.ndim() != 2 && !(column_allowed && array.ndim() == 1)) {
    throw fanin::ValueError(std::string(name) + ": expected shape " + expected + ", got " +
                            shape_text(array));
  }
  return matrix_of(array);
}

// Whether this is a table: class probabilities rather than labels
inline bool has_columns(const char* name, const py::object& value) {
  return numbers(name, value, "integer labels or class probabilities").ndim() == 2;
}

// Integer labels, one per row
inline Matrix labels(const char* name, const py::object& value, std::size_t rows) {
  const py::array array = numbers(name, value);
  if (array.ndim() != 1) {
    throw fanin::ValueError(std::string(name) + ": expected labels of shape (" + std::to_string(rows) +
                            ",), got " + shape_text(array));
  }
  if (array.dtype().kind() == 'f') {
    throw py::type_error(std::string(name) + ": expected integer labels, got dtype " +
                         py::str(static_cast<py::object>(array.dtype())).cast<std::string>());
  }
  return {array, number_matrix(array)};
}

// Sample weights, and the array that owns their memory
struct Weights {
  py::array_t<double, py::array::c_style | py::array::forcecast> array;
  fanin::SampleWeights view;
};

inline Weights sample_weights(const py::object& sample_weight, std::size_t rows) {
  if (sample_weight.is_none()) return {};
  const py::array given = numbers("sample_weight", sample_weight);
  if (given.ndim() != 1 || static_cast<std::size_t>(given.size()) != rows) {
    throw fanin::ValueError("sample_weight: expected shape (" + std::to_string(rows) + ",), got " +
                            shape_text(given));
  }
  Weights weights{given, {}};
  weights.view = {weights.array.data(), rows};
  return weights;
}

// Targets and sample weights, and the arrays that own their memory
struct TargetArrays {
  py::object y_array;
  fanin::Targets y;
  Weights weights;
};

inline TargetArrays targets(const fanin::Loss& loss, const py::object& y, const py::object& sample_weight,
                            std::size_t rows, std::size_t outputs) {
  TargetArrays data;
  const fanin::TargetKind kind = std::visit([](const auto& l) { return l.kind; }, loss);
  if (kind == fanin::TargetKind::labels && !has_columns("y", y)) {
    const Matrix given = labels("y", y, rows);
    data.y_array = given.array;
    data.y = fanin::Labels(std::get<fanin::NumberMatrix>(given.view));
  } else {
    const std::size_t columns = kind == fanin::TargetKind::one_target ? 1 : outputs;
    const std::string expected = "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
    const Matrix given = matrix("y", y, columns == 1, expected);
    data.y_array = given.array;
    std::visit(
        [&](const auto& view) {
          if constexpr (requires { data.y = view; }) data.y = view;
        },
        given.view);
  }
  data.weights = sample_weights(sample_weight, rows);
  return data;
}

// The memory of an array to write in place
template <class T>
T* writable(const char* name, py::array_t<T>& array) {
  if (!array.writeable()) throw fanin::ValueError(std::string(name) + ": expected a writable array");
  if (!viewable<T>(array)) throw fanin::ValueError(std::string(name) + ": expected an aligned array");
  return array.mutable_data();
}

}  // namespace arrays
