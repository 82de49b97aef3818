// Names of the entries of a list, and entries by name.
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

// The place of `name` in list L as the enum E; throws ValueError with the names there are.
template <class E, class L>
E from_name(L list, std::string_view kind, std::string_view name) {
  const std::vector<std::string> names = names_of(list);
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return E{static_cast<int>(i)};
    known += (i == 0 ? "" : ", ") + names[i];
  }
  throw ValueError(std::string(kind) + ": expected one of " + known + ", got \"" + std::string(name) + "\"");
}

}  // namespace fanin
