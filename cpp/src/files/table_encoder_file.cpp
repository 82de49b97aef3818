#include "files/table_encoder_file.hpp"

#include <optional>

#include "fanin/error.hpp"

namespace fanin {
namespace {

struct ColumnWriter {
  json::Writer& out;
  std::vector<double>& numbers;

  void operator()(const char* name, double value) const { out.key(name).number(value); }
  void operator()(const char* name, bool value) const { out.key(name).boolean(value); }
  void operator()(const char* name, const std::string& value) const { out.key(name).string(value); }
  void operator()(const char* name, const std::vector<double>& values) const {
    out.key(name).whole(values.size());
    numbers.insert(numbers.end(), values.begin(), values.end());
  }
  void operator()(const char* name, const std::vector<std::string>& values) const {
    out.key(name).begin_array();
    for (const std::string& value : values) out.string(value);
    out.end_array();
  }
  template <class Value>
  void operator()(const char* name, const Value& value) const {
    out.key(name).begin_object();
    Value::fields(value, *this);
    out.end_object();
  }
  template <class Value>
  void operator()(const char* name, const std::vector<Value>& values) const {
    out.key(name).begin_array();
    for (const Value& value : values) {
      out.begin_object();
      Value::fields(value, *this);
      out.end_object();
    }
    out.end_array();
  }
};

// Reads one column after the other, and takes their numbers from the front of what is left.
struct ColumnReader {
  json::Object& object;
  std::span<const double>& numbers;

  void operator()(const char* name, double& value) const { value = object.at(name).number(); }
  void operator()(const char* name, bool& value) const { value = object.at(name).boolean(); }
  void operator()(const char* name, std::string& value) const { value = object.at(name).string(); }
  void operator()(const char* name, std::vector<double>& values) const {
    const json::Value& given = object.at(name);
    const std::uint64_t count = given.whole();
    if (count > numbers.size())
      given.refuse("at most the " + std::to_string(numbers.size()) + " numbers left");
    values.assign(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(count));
    numbers = numbers.subspan(count);
  }
  void operator()(const char* name, std::vector<std::string>& values) const {
    for (const json::Value& value : object.at(name).elements()) values.push_back(value.string());
  }
  template <class Value>
  void operator()(const char* name, Value& value) const {
    read(object.at(name), value);
  }
  template <class Value>
  void operator()(const char* name, std::vector<Value>& values) const {
    for (const json::Value& value : object.at(name).elements()) read(value, values.emplace_back());
  }

 private:
  template <class Value>
  void read(const json::Value& from, Value& to) const {
    json::Object inner(from);
    Value::fields(to, ColumnReader{inner, numbers});
    inner.finish();
  }
};

TableColumn read_table_column(const json::Value& value, std::span<const double>& numbers) {
  json::Object object(value);
  const json::Value& kind = object.at("kind");
  const std::string name = kind.string();
  std::optional<TableColumn> column;
  for_each_type(TableColumns{}, [&](auto type) {
    using Column = typename decltype(type)::type;
    if (name != Column::name) return;
    Column read;
    Column::fields(read, ColumnReader{object, numbers});
    column = std::move(read);
  });
  if (!column) kind.refuse("a kind of column known to this version of fanin");
  object.finish();
  return *std::move(column);
}

}  // namespace

void write_encoder(json::Writer& out, std::vector<double>& numbers, const TableEncoder& encoder) {
  const std::size_t before = numbers.size();
  out.begin_object().key("columns").begin_array();
  for (const TableColumn& column : encoder.columns()) {
    std::visit(
        [&](const auto& c) {
          out.begin_object().key("kind").string(c.name);
          c.fields(c, ColumnWriter{out, numbers});
          out.end_object();
        },
        column);
  }
  out.end_array().key("numbers").whole(numbers.size() - before).end_object();
}

std::uint64_t count_encoder_numbers(const json::Value& value) {
  return json::Object(value).at("numbers").whole();
}

TableEncoder read_encoder(const json::Value& value, std::span<const double> numbers) {
  json::Object object(value);
  std::vector<TableColumn> columns;
  for (const json::Value& column : object.at("columns").elements()) {
    columns.push_back(read_table_column(column, numbers));
  }
  const json::Value& count = object.at("numbers");
  count.whole();
  if (!numbers.empty())
    count.refuse("the " + std::to_string(numbers.size()) + " fewer that the columns have");
  object.finish();
  return TableEncoder(std::move(columns));
}

}  // namespace fanin
