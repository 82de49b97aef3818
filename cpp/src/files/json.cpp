#include "files/json.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>

#include "base/json_string.hpp"
#include "fanin/error.hpp"

namespace fanin::json {
namespace {

// Some standard libraries lack std::from_chars for double
double to_double(std::string_view text) {
  double value = 0;
#ifdef __cpp_lib_to_chars
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::numeric_limits<double>::quiet_NaN();
#else
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  stream >> value;
  if (stream.fail()) return std::numeric_limits<double>::quiet_NaN();
#endif
  return value;
}

}  // namespace

std::string_view Value::text() const {
  return std::string_view(document_->text_).substr(node().begin, node().end - node().begin);
}

void Value::refuse(const std::string& expected) const {
  std::string got = shortened(text());
  if (kind() == Kind::string) got = '"' + got + '"';
  throw ValueError(name_ + ": expected " + expected + ", got " + got);
}

void Value::expect(Kind kind_, const char* expected) const {
  if (kind() != kind_) refuse(expected);
}

bool Value::boolean() const {
  expect(Kind::boolean, "true or false");
  return text() == "true";
}

double Value::number() const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (kind() == Kind::string && text() == "inf") return infinity;
  if (kind() == Kind::string && text() == "-inf") return -infinity;
  if (kind() == Kind::string && text() == "nan") return std::numeric_limits<double>::quiet_NaN();
  expect(Kind::number, "a number");
  const double value = to_double(text());
  if (!std::isfinite(value)) refuse("a number within the range of a double");
  return value;
}

std::uint64_t Value::whole() const {
  std::uint64_t value = 0;
  const std::string_view digits = text();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (kind() != Kind::number || error != std::errc() || end != digits.data() + digits.size()) {
    refuse("a whole number in 0..2^64-1");
  }
  return value;
}

std::string Value::string() const {
  expect(Kind::string, "a string");
  return node().escaped ? unescape(text()) : std::string(text());
}

std::vector<Value> Value::elements() const {
  expect(Kind::array, "an array");
  std::vector<Value> values;
  for (std::uint32_t i = index_ + 1; i < node().next; i = document_->nodes_[i].next) {
    values.push_back({*document_, i, name_ + "[" + std::to_string(values.size()) + "]"});
  }
  return values;
}

std::vector<std::pair<std::string, Value>> Value::members() const {
  expect(Kind::object, "an object");
  std::vector<std::pair<std::string, Value>> members;
  const std::string prefix = name_ + (index_ == 0 ? ": " : ".");
  for (std::uint32_t i = index_ + 1; i < node().next; i = document_->nodes_[i + 1].next) {
    const std::string key = Value(*document_, i, name_).string();
    members.emplace_back(key, Value(*document_, i + 1, prefix + shortened(key)));
  }
  return members;
}

Object::Object(const Value& value)
    : name_(value.name()), members_(value.members()), asked_(members_.size(), false) {}

const Value* Object::find(std::string_view key) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].first != key) continue;
    asked_[i] = true;
    return &members_[i].second;
  }
  return nullptr;
}

const Value& Object::at(std::string_view key) {
  const Value* value = find(key);
  if (value == nullptr) throw ValueError(name_ + ": \"" + std::string(key) + "\" is missing");
  return *value;
}

void Object::finish() const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (asked_[i]) continue;
    throw ValueError(members_[i].second.name() +
                     ": unknown to this version of fanin; a later version may have written it");
  }
}

void Writer::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

Writer& Writer::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

Writer& Writer::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  string(name);
  text_ += ':';
  first_ = true;
  return *this;
}

Writer& Writer::number(double value) {
  if (!std::isfinite(value)) return string(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
  separate();
  char digits[32];
  text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return *this;
}

Writer& Writer::whole(std::uint64_t value) {
  separate();
  text_ += std::to_string(value);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  text_ += "null";
  return *this;
}

Writer& Writer::string(std::string_view value) {
  separate();
  text_ += '"';
  for (const char c : value) {
    constexpr std::string_view characters = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
    const std::size_t place = characters.find(c);
    if (place != std::string_view::npos) {
      text_ += '\\';
      text_ += names[place];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr const char* hexadecimal = "0123456789abcdef";
      text_ += "\\u00";
      text_ += hexadecimal[c >> 4];
      text_ += hexadecimal[c & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
  return *this;
}

}  // namespace fanin::json
