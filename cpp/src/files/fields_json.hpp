// List entries (rules, schedules, losses, initializers, layers) as JSON: the name and all fields.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fanin/activations.hpp"
#include "fanin/error.hpp"
#include "fanin/layers/all.hpp"
#include "fanin/names.hpp"
#include "fanin/rule.hpp"
#include "files/json.hpp"

namespace fanin {

inline constexpr const char* kKnownName = "a name known to this version of fanin";

// `key` is the key of the name
template <class... Entry>
void write_entry(json::Writer& out, const std::variant<Entry...>& entry, const char* key = "name");
template <class Variant, class L>
Variant read_entry(L list, const json::Value& value, const char* key = "name",
                   const char* known = kKnownName);

std::vector<Layer> read_layers(const json::Value& value);

struct FieldWriter {
  json::Writer& out;
  void operator()(const char* name, double value, Allowed) const { out.key(name).number(value); }
  void operator()(const char* name, std::size_t value, Allowed) const { out.key(name).whole(value); }
  void operator()(const char* name, bool value) const { out.key(name).boolean(value); }
  template <class E>
  void operator()(const char* name, E value, const Choices& choices) const {
    out.key(name).string(choices.names[static_cast<std::size_t>(value)]);
  }
  void operator()(const char* name, const Numbers& numbers, Allowed) const {
    out.key(name).begin_array();
    for (std::size_t i = 0; i < numbers.count; ++i) out.number(numbers.value[i]);
    out.end_array();
  }
  void operator()(const char* name, const std::vector<std::size_t>& numbers, Allowed) const {
    out.key(name).begin_array();
    for (const std::size_t number : numbers) out.whole(number);
    out.end_array();
  }
  void operator()(const char*, const std::vector<double>&, Allowed) const {}  // a separate tensor
  void operator()(const char* name, Activation activation) const {
    out.key(name).string(names_of(Activations{})[static_cast<std::size_t>(static_cast<int>(activation))]);
  }
  template <class... Entry>
  void operator()(const char* name, const std::variant<Entry...>& entry, List<Entry...>) const {
    write_entry(out.key(name), entry);
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, const ShortList<std::variant<Entry...>, most>& entries,
                  List<Entry...>) const {
    out.key(name).begin_array();
    for (std::size_t i = 0; i < entries.count; ++i) write_entry(out, entries.value[i]);
    out.end_array();
  }
  void operator()(const char* name, const std::vector<Layer>& layers) const {
    out.key(name).begin_array();
    for (const Layer& layer : layers) write_entry(out, layer.kind, "kind");
    out.end_array();
  }
  template <class Value>
  void operator()(const char* name, const std::optional<Value>& value) const {
    out.key(name);
    if (!value) {
      out.null();
      return;
    }
    out.begin_object();
    Value::fields(*value, *this);
    out.end_object();
  }
};

inline std::vector<json::Value> elements_of(const json::Value& list, std::size_t most, const char* kind) {
  std::vector<json::Value> elements = list.elements();
  if (elements.empty() || elements.size() > most) {
    list.refuse("1 to " + std::to_string(most) + " " + kind);
  }
  return elements;
}

inline constexpr std::size_t kMostNumbers = 65536;

// A missing field keeps its default, because the file may predate the field.
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
  template <class E>
  void operator()(const char* name, E& value, const Choices& choices) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    std::string known;
    for (std::size_t i = 0; i < choices.count; ++i) {
      if (given->string() == choices.names[i]) {
        value = static_cast<E>(i);
        return;
      }
      known += (i > 0 ? ", " : "one of ") + std::string(choices.names[i]);
    }
    given->refuse(known);
  }
  void operator()(const char* name, Numbers& numbers, Allowed) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    numbers.count = 0;
    for (const json::Value& value : elements_of(*given, Numbers::most, "numbers")) {
      numbers.value[numbers.count++] = value.number();
    }
  }
  void operator()(const char* name, std::vector<std::size_t>& numbers, Allowed) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    numbers.clear();
    for (const json::Value& value : elements_of(*given, kMostNumbers, "numbers"))
      numbers.push_back(value.whole());
  }
  void operator()(const char*, std::vector<double>&, Allowed) const {}
  void operator()(const char* name, Activation& activation) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    activation = from_name<Activation>(Activations{}, given->name(), given->string());
  }
  template <class... Entry>
  void operator()(const char* name, std::variant<Entry...>& entry, List<Entry...> list) const {
    if (const json::Value* given = object.find(name))
      entry = read_entry<std::variant<Entry...>>(list, *given);
  }
  template <class... Entry, std::size_t most>
  void operator()(const char* name, ShortList<std::variant<Entry...>, most>& entries,
                  List<Entry...> list) const {
    const json::Value* given = object.find(name);
    if (given == nullptr) return;
    entries.count = 0;
    for (const json::Value& value : elements_of(*given, most, "entries")) {
      entries.value[entries.count++] = read_entry<std::variant<Entry...>>(list, value);
    }
  }
  void operator()(const char* name, std::vector<Layer>& layers) const {
    if (const json::Value* given = object.find(name)) layers = read_layers(*given);
  }
  template <class Value>
  void operator()(const char* name, std::optional<Value>& value) const {
    const json::Value* given = object.find(name);
    if (given == nullptr || given->is_null()) return;
    json::Object inner(*given);
    value.emplace();
    Value::fields(*value, FieldReader{inner});
    inner.finish();
  }
};

template <class... Entry>
void write_entry(json::Writer& out, const std::variant<Entry...>& entry, const char* key) {
  std::visit(
      [&](const auto& e) {
        out.begin_object().key(key).string(e.name);
        e.fields(e, FieldWriter{out});
        out.end_object();
      },
      entry);
}

// The list entry that an object describes
template <class Variant, class L>
Variant read_entry(L list, const json::Value& value, const char* key, const char* known) {
  json::Object object(value);
  const json::Value& name = object.at(key);
  Variant entry;
  bool found = false;
  for_each_type(list, [&](auto type) {
    using Entry = typename decltype(type)::type;
    if (name.string() != Entry::name) return;
    Entry::fields(entry.template emplace<Entry>(), FieldReader{object});
    found = true;
  });
  if (!found) name.refuse(known);
  object.finish();
  return entry;
}

inline void write_entry(json::Writer& out, const Rule& rule) {
  out.begin_object().key("name").string(rule.name());
  Rule::fields(rule, FieldWriter{out});
  out.end_object();
}

inline Rule read_rule(const json::Value& value) {
  json::Object object(value);
  const json::Value& name = object.at("name");
  std::optional<Rule> rule = Rule::named(name.string());
  if (!rule) name.refuse(kKnownName);
  Rule::fields(*rule, FieldReader{object});
  object.finish();
  return *rule;
}

}  // namespace fanin
