// Names of the entries of a list, and lookup by name.
#pragma once

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
