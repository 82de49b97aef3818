// Names of the entries of a list, and lookup by name.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/error.hpp"
#include "fanin/list.hpp"

namespace fanin {

template <class L>
std::vector<std::string> names_of(L list) {
  std::vector<std::string> names;
  for_each_type(list, [&](auto entry) { names.emplace_back(decltype(entry)::type::name); });
  return names;
}

// Names of rule R's state arrays
template <class R>
std::vector<std::string> slot_names_of() {
  if constexpr (R::slots == 0) {
    return {};
  } else {
    static_assert(sizeof(R::slot_names) / sizeof(R::slot_names[0]) == R::slots);
    return {std::begin(R::slot_names), std::end(R::slot_names)};
  }
}

// The index of `name` in list L as an E; throws ValueError with all names of the list.
template <class E, class L>
E from_name(L list, std::string_view kind, std::string_view name) {
  int place = 0, found = -1;
  for_each_type(list, [&](auto entry) {
    if (decltype(entry)::type::name == name) found = place;
    ++place;
  });
  if (found >= 0) return E{found};
  std::string known;
  for (const std::string& other : names_of(list)) known += (known.empty() ? "" : ", ") + other;
  throw ValueError(std::string(kind) + ": expected one of " + known + ", got \"" + std::string(name) + "\"");
}

}  // namespace fanin
