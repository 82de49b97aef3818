// Encoders of tables. A column of an encoder is a dict of its fields and its "kind".
#include <optional>

#include "coded.hpp"
#include "fanin/error.hpp"
#include "fanin/table_encoder.hpp"
#include "register.hpp"
#include "tables.hpp"
#include "unlocked.hpp"

namespace {

using tables::Doubles;
using tables::GivenColumn;
using tables::span_of;

struct ColumnSetter {
  const py::dict& values;
  void operator()(const char* name, double& value) const { value = values[name].cast<double>(); }
  void operator()(const char* name, bool& value) const { value = values[name].cast<bool>(); }
  void operator()(const char* name, std::string& value) const { value = values[name].cast<std::string>(); }
  void operator()(const char* name, std::vector<double>& list) const {
    const auto given = values[name].cast<Doubles>();
    list.assign(given.data(), given.data() + given.size());
  }
  void operator()(const char* name, std::vector<std::string>& list) const {
    list = values[name].cast<std::vector<std::string>>();
  }
  template <class Value>
  void operator()(const char* name, Value& value) const {
    const auto given = values[name].cast<py::dict>();
    Value::fields(value, ColumnSetter{given});
  }
  template <class Value>
  void operator()(const char* name, std::vector<Value>& list) const {
    for (const auto& given : values[name].cast<std::vector<py::dict>>()) {
      Value::fields(list.emplace_back(), ColumnSetter{given});
    }
  }
};

struct ColumnGetter {
  py::dict& values;
  template <class Value>
  void operator()(const char* name, const Value& value) const {
    if constexpr (requires { Value::fields(value, *this); }) {
      values[name] = described(value);
    } else {
      values[name] = value;
    }
  }
  void operator()(const char* name, const std::vector<double>& list) const {
    values[name] = py::tuple(py::cast(list));
  }
  void operator()(const char* name, const std::vector<std::string>& list) const {
    values[name] = py::tuple(py::cast(list));
  }
  template <class Value>
  void operator()(const char* name, const std::vector<Value>& list) const {
    py::tuple all(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) all[i] = described(list[i]);
    values[name] = all;
  }
  template <class Value>
  static py::dict described(const Value& value) {
    py::dict of_it;
    Value::fields(value, ColumnGetter{of_it});
    return of_it;
  }
};

py::dict described_column(const fanin::TableColumn& column) {
  return std::visit(
      [](const auto& c) {
        py::dict values = ColumnGetter::described(c);
        values["kind"] = c.name;
        return values;
      },
      column);
}

fanin::TableColumn make_column(const py::dict& values) {
  const auto kind = values["kind"].cast<std::string>();
  std::optional<fanin::TableColumn> made;
  fanin::for_each_type(fanin::TableColumns{}, [&](auto type) {
    using Column = typename decltype(type)::type;
    if (kind != Column::name) return;
    Column column;
    Column::fields(column, ColumnSetter{values});
    made = std::move(column);
  });
  if (!made) throw fanin::ValueError("kind: there is no kind of column \"" + kind + "\"");
  return *std::move(made);
}

PyCodedRows encode(const fanin::TableEncoder& encoder, const std::vector<std::string>& names,
                   const py::list& columns, const std::optional<Doubles>& pair_values) {
  const tables::GivenTable given(names, columns);
  const std::span<const double> pairs = pair_values ? span_of(*pair_values) : std::span<const double>();
  return {interruptible([&] { return encoder.encode(given.table, pairs); })};
}

}  // namespace

void register_tables(py::module_& m) {
  py::class_<fanin::TableEncoder>(m, "TableEncoder")
      .def(py::init([](const std::vector<py::dict>& columns) {
             std::vector<fanin::TableColumn> made;
             for (const py::dict& column : columns) made.push_back(make_column(column));
             return fanin::TableEncoder(std::move(made));
           }),
           py::arg("columns"))
      .def_property_readonly("columns",
                             [](const fanin::TableEncoder& encoder) {
                               py::list all;
                               for (const auto& column : encoder.columns())
                                 all.append(described_column(column));
                               return all;
                             })
      .def("encode", &encode, py::arg("names"), py::arg("columns"), py::arg("pair_values") = py::none());
  m.def(
      "learn_number_code",
      [](const std::string& column, const Doubles& values, std::size_t bins) {
        return ColumnGetter::described(
            interruptible([&] { return fanin::learn_number_code(column, span_of(values), bins); }));
      },
      py::arg("column"), py::arg("values"), py::arg("bins"));
  m.def(
      "learn_numbers",
      [](const std::string& column, const Doubles& values, std::size_t bins, bool spikes) {
        return described_column(
            interruptible([&] { return fanin::learn_numbers(column, span_of(values), bins, spikes); }));
      },
      py::arg("column"), py::arg("values"), py::arg("bins"), py::arg("spikes"));
  m.def(
      "learn_dates",
      [](const std::string& column, const Doubles& days, std::size_t bins) {
        return described_column(
            interruptible([&] { return fanin::learn_dates(column, span_of(days), bins); }));
      },
      py::arg("column"), py::arg("days"), py::arg("bins"));
  m.def(
      "learn_category",
      [](const std::string& column, const std::vector<std::pair<std::string, std::size_t>>& levels,
         std::size_t rows, std::size_t min_count) {
        return described_column(fanin::learn_category(column, levels, rows, min_count));
      },
      py::arg("column"), py::arg("levels"), py::arg("rows"), py::arg("min_count"));
  m.def(
      "cells_of",
      [](const py::dict& cells, const py::object& column) {
        fanin::Cells made;
        fanin::Cells::fields(made, ColumnSetter{cells});
        const GivenColumn given(column);
        const auto found = fanin::cells_of(made, given.view());
        return py::array_t<std::uint32_t>(static_cast<py::ssize_t>(found.size()), found.data());
      },
      py::arg("cells"), py::arg("column"));
}
