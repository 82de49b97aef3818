// Any one entry of a list, chosen at run time.
#pragma once

#include <variant>

#include "fanin/list.hpp"

namespace fanin {

template <class... T>
std::variant<T...> variant_of(List<T...>);

}  // namespace fanin
