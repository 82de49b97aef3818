// The list of update rules.
#pragma once

#include "fanin/list.hpp"
#include "fanin/rules/adam.hpp"
#include "fanin/rules/momentum.hpp"
#include "fanin/rules/sgd.hpp"

namespace fanin {

using Rules = List<Sgd, Momentum, Adam>;

}  // namespace fanin
