// Any update rule of the list.
#pragma once

#include "fanin/rules/all.hpp"
#include "fanin/variant.hpp"

namespace fanin {

// One update rule with its hyper-parameters.
using Rule = decltype(variant_of(Rules{}));

}  // namespace fanin
