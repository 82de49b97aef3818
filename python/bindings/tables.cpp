// Encoders of tables. A column of an encoder is a dict of its fields and its "kind"; a column of a table is
// an array of float64, or a text column as a tuple (places in the list of its different texts, -1 if missing;
// that list).
#include <optional>

#include "fanin/error.hpp"
#include "fanin/table_encoder.hpp"
#include "register.hpp"
#include "unlocked.hpp"

namespace {

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Places = py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>;

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

std::span<const double> span_of(const Doubles& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// A column of a table and the memory that it views
class GivenColumn {
 public:
  explicit GivenColumn(const py::object& given) {
    if (!py::isinstance<py::tuple>(given)) {
      numbers_ = given.cast<Doubles>();
      return;
    }
    const auto [places, levels] = given.cast<std::pair<Places, std::vector<std::string>>>();
    levels_ = levels;
    texts_.emplace(static_cast<std::size_t>(places.size()));
    for (std::size_t i = 0; i < texts_->size(); ++i) {
      const std::int32_t place = places.data()[i];
      if (place >= 0) (*texts_)[i] = levels_.at(static_cast<std::size_t>(place));
    }
  }
  fanin::Table::Column view() const {
    if (texts_) return std::span<const std::string_view>(*texts_);
    return span_of(numbers_);
  }

 private:
  Doubles numbers_;
  std::vector<std::string> levels_;
  std::optional<std::vector<std::string_view>> texts_;
};

template <class T>
py::array_t<T> table_of(const std::vector<T>& values, std::size_t rows, std::size_t columns) {
  return py::array_t<T>({static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(columns)}, values.data());
}

// The arguments of fanin.CodedRows
py::tuple encode(const fanin::TableEncoder& encoder, const std::vector<std::string>& names,
                 const py::list& columns, const std::optional<Doubles>& pair_values) {
  std::vector<std::unique_ptr<GivenColumn>> given;
  fanin::Table table{names, {}};
  for (const py::handle& column : columns) {
    given.push_back(std::make_unique<GivenColumn>(py::reinterpret_borrow<py::object>(column)));
    table.columns.push_back(given.back()->view());
  }
  const std::span<const double> pairs = pair_values ? span_of(*pair_values) : std::span<const double>();
  const fanin::CodedTable coded = interruptible([&] { return encoder.encode(table, pairs); });
  py::list kinds;
  for (const fanin::CodedColumn& column : coded.coded) {
    kinds.append(py::make_tuple(column.coding == fanin::Coding::level ? "level" : "piecewise", column.size));
  }
  return py::make_tuple(
      table_of(coded.dense, coded.rows, coded.dense_columns),
      table_of(coded.bins, coded.rows, coded.coded.size()),
      table_of(coded.fractions, coded.rows, coded.coded.size()), kinds,
      py::array_t<float>(static_cast<py::ssize_t>(coded.centre.size()), coded.centre.data()));
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
