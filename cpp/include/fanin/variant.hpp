// A variant of the types in a list, for an entry chosen at run time.
#pragma once

#include <variant>

#include "fanin/list.hpp"

namespace fanin {

template <class... T>
std::variant<T...> variant_of(List<T...>);

}  // namespace fanin
