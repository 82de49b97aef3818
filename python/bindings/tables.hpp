// Columns of tables as Python passes them: an array of float64, or a text column as a tuple (places in the
// list of its different texts, -1 if missing; that list).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/table.hpp"
#include "register.hpp"

namespace tables {

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Places = py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>;

inline std::span<const double> span_of(const Doubles& array) {
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

// A table and the memory that it views
struct GivenTable {
  std::vector<std::unique_ptr<GivenColumn>> given = {};
  fanin::Table table = {};

  GivenTable(const std::vector<std::string>& names, const py::list& columns) : table{names, {}} {
    for (const py::handle& column : columns) {
      given.push_back(std::make_unique<GivenColumn>(py::reinterpret_borrow<py::object>(column)));
      table.columns.push_back(given.back()->view());
    }
  }
};

}  // namespace tables
