// Any update rule of the list.
#pragma once

#include <variant>

#include "fanin/rules/all.hpp"

namespace fanin {

template <class... R>
std::variant<R...> variant_of(List<R...>);

// One update rule with its hyper-parameters.
using Rule = decltype(variant_of(Rules{}));

}  // namespace fanin
