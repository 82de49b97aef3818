// CSR matrices and arrays of SciPy, or anything with their attributes. SciPy is not imported.
#pragma once

#include <utility>

#include "arrays.hpp"

namespace arrays {

inline bool is_csr(const py::object& value) {
  for (const char* name : {"format", "shape", "data", "indices", "indptr"}) {
    if (!py::hasattr(value, name)) return false;
  }
  const py::object format = value.attr("format");
  return py::isinstance<py::str>(format) && format.cast<std::string>() == "csr";
}

// One of the arrays of a CSR matrix: numbers in one dimension
inline py::array part(const char* name, const py::object& value) {
  py::array array = numbers(name, value);
  if (array.ndim() == 1) return array;
  throw fanin::ValueError(std::string(name) + ": expected one dimension, got shape " + shape_text(array));
}

template <class I>
std::span<const I> elements_of(const py::array& array) {
  return {static_cast<const I*>(array.data()), static_cast<std::size_t>(array.size())};
}

// Integers of SciPy's two types are read in place, if they are adjacent; `array` is then or becomes their
// owner.
inline fanin::SparseRows::Integers integers(const char* name, py::array& array) {
  if (array.dtype().kind() != 'i' && array.dtype().kind() != 'u') {
    throw py::type_error(std::string(name) + ": expected integers, got dtype " +
                         py::str(static_cast<py::object>(array.dtype())).cast<std::string>());
  }
  const auto in_place = [&]<class I>(I) {
    return viewable<I>(array) && (array.flags() & py::array::c_style) != 0;
  };
  if (in_place(std::int32_t{})) return elements_of<std::int32_t>(array);
  if (!in_place(std::int64_t{})) array = array.attr("astype")(py::dtype::of<std::int64_t>());
  return elements_of<std::int64_t>(array);
}

// One of the numbers of a shape; the largest size if it is beyond the range
inline std::size_t length_of(const char* name, const py::handle& value) {
  const py::ssize_t length = PyNumber_AsSsize_t(value.ptr(), nullptr);
  if (length >= 0) return static_cast<std::size_t>(length);
  const bool whole = PyErr_Occurred() == nullptr;
  PyErr_Clear();
  const std::string words = std::string(name) + ": expected a shape of whole numbers of at least 0, got " +
                            py::str(value).cast<std::string>();
  if (whole) throw fanin::ValueError(words);
  throw py::type_error(words);
}

// X in compressed rows
inline Matrix csr(const py::object& x, const std::string& expected) {
  const py::object given_shape = x.attr("shape");
  if (!py::isinstance<py::tuple>(given_shape) || py::len(given_shape) != 2) {
    throw fanin::ValueError("X: expected shape " + expected + ", got " +
                            py::str(given_shape).cast<std::string>());
  }
  const auto shape = py::reinterpret_borrow<py::tuple>(given_shape);
  const py::array data = part("X.data", x.attr("data"));
  py::array indices = part("X.indices", x.attr("indices")), indptr = part("X.indptr", x.attr("indptr"));
  const std::size_t rows = length_of("X", shape[0]);
  if (static_cast<std::size_t>(indptr.size()) != rows + 1) {  // before outputs for so many rows are allocated
    throw fanin::ValueError("X.indptr: expected shape (" + std::to_string(rows + 1) +
                            ",), one more than rows, got " + shape_text(indptr));
  }
  fanin::NumberMatrix values = number_matrix(data);
  values = {values.type, values.data, 1, values.rows, 0, values.row_stride, values.swapped};
  const fanin::SparseRows view{rows, length_of("X", shape[1]), values, integers("X.indices", indices),
                               integers("X.indptr", indptr)};
  return {data, view, py::make_tuple(indices, indptr)};
}

}  // namespace arrays
