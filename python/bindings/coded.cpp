#include "coded.hpp"

#include <cmath>

#include "arrays.hpp"
#include "operands.hpp"

namespace {

constexpr const char* kDoc =
    R"(Rows of a table in coded form, a kind of X: few numbers for a row of many columns.

The first ``d`` columns of X are ``dense``. After them, each coded column stands for ``size`` columns: a "piecewise"
one in bin t with fraction f in [0, 1] is 1 before column t, f in column t and 0 after it (the piecewise-linear code
of Gorishniy et al. 2022); a "level" one in bin t is 1 in column t and 0 elsewhere, and in bin ``size`` 0 everywhere.
Then ``centre`` is subtracted. ``TableEncoder.transform`` makes them from tables.

A network whose first layer is a `Dense` reads them without forming the columns: a value costs two rows of a table
of summed weights, not ``size`` products. Otherwise they are like the array ``toarray()``.

Parameters
----------
dense : array of shape (n_samples, d)
    Converted to float32, as are fractions and centre.
bins : array of integers, shape (n_samples, n_coded)
fractions : array of shape (n_samples, n_coded)
    Not read for levels.
coded : list of ("piecewise" or "level", size)
centre : array of shape (sum of sizes,)

Raises
------
ValueError
    If shapes do not fit together, a bin does not exist, or a number is not finite or not a fraction.

Examples
--------
>>> import fanin
>>> rows = fanin.CodedRows([[0.5], [2]], [[1, 0], [0, 2]], [[0.25, 0], [1, 0]], [("piecewise", 3), ("level", 2)], [0] * 5)
>>> rows.toarray().tolist()
[[0.5, 1.0, 0.25, 0.0, 1.0, 0.0], [2.0, 1.0, 0.0, 0.0, 0.0, 0.0]])";

template <class T>
std::vector<T> values_of(const char* name, const py::object& value, std::size_t rows, std::size_t columns) {
  const py::array array = arrays::numbers(name, value);
  const bool fits = array.ndim() == 2 && static_cast<std::size_t>(array.shape(0)) == rows &&
                    static_cast<std::size_t>(array.shape(1)) == columns;
  if (!fits) {
    throw fanin::ValueError(std::string(name) + ": expected shape (" + std::to_string(rows) + ", " +
                            std::to_string(columns) + "), got " + arrays::shape_text(array));
  }
  const py::array_t<T, py::array::c_style | py::array::forcecast> converted(array);
  return {converted.data(), converted.data() + converted.size()};
}

fanin::CodedColumn column_of(const py::handle& value) {
  std::pair<std::string, std::uint32_t> pair;
  try {
    pair = value.cast<std::pair<std::string, std::uint32_t>>();
  } catch (const py::cast_error&) {
    throw py::type_error("coded: expected pairs of \"piecewise\" or \"level\" and a size, got " +
                         py::repr(value).cast<std::string>());
  }
  for (const fanin::Coding coding : {fanin::Coding::piecewise, fanin::Coding::level}) {
    if (pair.first == fanin::name_of(coding)) return {coding, pair.second};
  }
  throw fanin::ValueError("coded: expected \"piecewise\" or \"level\", got \"" + pair.first + "\"");
}

PyCodedRows make(const py::object& dense, const py::object& bins, const py::object& fractions,
                 const py::list& coded, const py::object& centre) {
  const py::array numbers = arrays::numbers("dense", dense);
  if (numbers.ndim() != 2) {
    throw fanin::ValueError("dense: expected two dimensions, got shape " + arrays::shape_text(numbers));
  }
  fanin::CodedTable table;
  table.rows = static_cast<std::size_t>(numbers.shape(0));
  table.dense_columns = static_cast<std::size_t>(numbers.shape(1));
  table.dense = values_of<float>("dense", numbers, table.rows, table.dense_columns);
  for (const py::handle& column : coded) table.coded.push_back(column_of(column));
  constexpr auto most = fanin::CodedRows::kMostBins;
  for (const double bin : values_of<double>("bins", bins, table.rows, table.coded.size())) {
    if (!(bin >= 0 && bin <= most && bin == std::floor(bin))) {
      throw fanin::ValueError("bins: expected whole numbers in 0.." + std::to_string(most) + ", got " +
                              py::repr(py::float_(bin)).cast<std::string>());
    }
    table.bins.push_back(static_cast<std::uint16_t>(bin));
  }
  table.fractions = values_of<float>("fractions", fractions, table.rows, table.coded.size());
  const py::array_t<float, py::array::c_style | py::array::forcecast> means(
      arrays::numbers("centre", centre));
  table.centre.assign(means.data(), means.data() + means.size());
  fanin::check(table.view());
  return {std::move(table)};
}

template <class T>
py::array_t<T> array_of(const std::vector<T>& values, std::size_t rows, std::size_t columns) {
  return py::array_t<T>({rows, columns}, values.data());
}

py::tuple parts_of(const PyCodedRows& rows) {
  const fanin::CodedTable& t = rows.table;
  py::list coded;
  for (const fanin::CodedColumn& column : t.coded) {
    coded.append(py::make_tuple(fanin::name_of(column.coding), column.size));
  }
  const py::array_t<float> centre(static_cast<py::ssize_t>(t.centre.size()), t.centre.data());
  return py::make_tuple(array_of(t.dense, t.rows, t.dense_columns), array_of(t.bins, t.rows, t.coded.size()),
                        array_of(t.fractions, t.rows, t.coded.size()), coded, centre);
}

// Rows by number, mask or slice
PyCodedRows take(const PyCodedRows& from, const py::object& rows) {
  const auto all = static_cast<py::ssize_t>(from.table.rows);
  const py::object numbers = arrays::numpy_module().attr("arange")(all)[rows];
  const py::array_t<std::int64_t, py::array::c_style | py::array::forcecast> chosen(numbers);
  if (chosen.ndim() != 1) throw fanin::ValueError("rows: expected one dimension, got a single row or more");
  return {from.table.take({chosen.data(), static_cast<std::size_t>(chosen.size())})};
}

template <class T>
py::array_t<T> dense_array(const PyCodedRows& rows) {
  const fanin::CodedRows view = rows.table.view();
  py::array_t<T> out({view.rows, view.columns});
  fanin::to_dense(view, fanin::row_major(out.mutable_data(), view.rows, view.columns));
  return out;
}

py::array to_array(const PyCodedRows& rows, const py::object& dtype) {
  const auto type = py::dtype::from_args(dtype);
  if (type.is(py::dtype::of<float>()) || type.equal(py::dtype::of<float>())) return dense_array<float>(rows);
  if (type.equal(py::dtype::of<double>())) return dense_array<double>(rows);
  throw fanin::ValueError("dtype: expected float32 or float64, got " +
                          py::str(static_cast<py::object>(type)).cast<std::string>());
}

}  // namespace

void register_coded(py::module_& m) {
  py::class_<PyCodedRows>(m, "CodedRows", kDoc)
      .def(py::init(&make), py::arg("dense"), py::arg("bins"), py::arg("fractions"), py::arg("coded"),
           py::arg("centre"))
      .def("__len__", [](const PyCodedRows& rows) { return rows.table.rows; })
      .def_property_readonly("shape",
                             [](const PyCodedRows& rows) {
                               const fanin::CodedRows view = rows.table.view();
                               return py::make_tuple(view.rows, view.columns);
                             })
      .def("toarray", &to_array, py::arg("dtype") = "float32", "Return the columns as an array.")
      .def("take", &take, py::arg("rows"), "Return a copy of some rows: numbers, a mask or a slice.")
      .def("__getitem__", &take, py::arg("rows"))
      .def("__repr__",
           [](const PyCodedRows& rows) {
             const fanin::CodedRows view = rows.table.view();
             return "<CodedRows: " + std::to_string(view.rows) + " rows, " + std::to_string(view.columns) +
                    " columns, " + std::to_string(view.coded.size()) + " coded>";
           })
      .def("__reduce__", [](const py::object& rows) {
        return py::make_tuple(py::type::of(rows), parts_of(rows.cast<const PyCodedRows&>()));
      });
}
