// Entries of the lists (rules, schedules, losses, initializers) as JSON: the name, and all that `fields`
// names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fanin/error.hpp"
#include "fanin/names.hpp"
#include "fanin/rules/rule.hpp"
#include "files/json.hpp"

namespace fanin {

struct FieldWriter {
  json::Writer& out;
  void operator()(const char* name, double value, Allowed) const { out.key(name).number(value); }
  void operator()(const char* name, std::size_t value, Allowed) const { out.key(name).whole(value); }
  void operator()(const char* name, bool value) const { out.key(name).boolean(value); }
  template <class E, std::size_t N>
  void operator()(const char* name, E value, const char* const (&choices)[N]) const {
    out.key(name).string(choices[static_cast<std::size_t>(value)]);
  }
  void operator()(const char* name, const Numbers& numbers, Allowed) const {
    out.key(name).begin_array();
    for (std::size_t i = 0; i < numbers.count; ++i) out.number(numbers.value[i]);
    out.end_array();
  }
  void operator()(const char*, const std::vector<double>&, Allowed) const {}  // a tensor of its own
};

// A field that is missing keeps its default: a later version has it, the one that wrote the file had not.
struct FieldReader {
  json::Object& object;
  void operator()(const char* name, double& value, Allowed) const {
    if (const json::Value* given = object.find(name)) value = given->number();
  }
  void operator()(const char* name, std::size_t& value, Allowed) const {
    if (const json::Value* given = object.find(name)) value = given->whole();
  }
  void operator()(const char* name, bool& value) const {
    if (const json::Value* given = object.find(name)) value = given->boolean();
  }
  template <class E, std::size_t N>
  void operator()(const char* name, E& value, const char* const (&choices)[N]) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    std::string known;
    for (std::size_t i = 0; i < N; ++i) {
      if (given->string() == choices[i]) {
        value = static_cast<E>(i);
        return;
      }
      known += (i > 0 ? ", " : "one of ") + std::string(choices[i]);
    }
    given->refuse(known);
  }
  void operator()(const char* name, Numbers& numbers, Allowed) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    const std::vector<json::Value> values = given->elements();
    if (values.empty() || values.size() > Numbers::most) {
      given->refuse("1 to " + std::to_string(Numbers::most) + " numbers");
    }
    numbers.count = 0;
    for (const json::Value& value : values) numbers.value[numbers.count++] = value.number();
  }
  void operator()(const char*, std::vector<double>&, Allowed) const {}
};

template <class Entry>
void write_entry(json::Writer& out, const Entry& entry) {
  out.begin_object().key("name").string(Entry::name);
  Entry::fields(entry, FieldWriter{out});
  out.end_object();
}

template <class... Entry>
void write_entry(json::Writer& out, const std::variant<Entry...>& entry) {
  std::visit([&](const auto& e) { write_entry(out, e); }, entry);
}

// The entry of the list that an object describes
template <class Variant, class L>
Variant read_entry(L list, const json::Value& value) {
  json::Object object(value);
  const json::Value& name = object.at("name");
  std::optional<Variant> entry;
  for_each_type(list, [&](auto type) {
    using Entry = typename decltype(type)::type;
    if (entry || name.string() != Entry::name) return;
    Entry made;
    Entry::fields(made, FieldReader{object});
    entry = std::move(made);
  });
  if (!entry) name.refuse("a name that this version of fanin knows");
  object.finish();
  return *std::move(entry);
}

}  // namespace fanin
