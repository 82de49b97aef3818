// All of fanin.
#pragma once

#include "fanin/activations.hpp"
#include "fanin/budget.hpp"
#include "fanin/cpu.hpp"
#include "fanin/error.hpp"
#include "fanin/fit.hpp"
#include "fanin/functional.hpp"
#include "fanin/initializers.hpp"
#include "fanin/losses.hpp"
#include "fanin/names.hpp"
#include "fanin/network.hpp"
#include "fanin/population.hpp"
#include "fanin/rule.hpp"
#include "fanin/rules/all.hpp"
#include "fanin/update.hpp"
#include "fanin/variant.hpp"
#include "fanin/views.hpp"
