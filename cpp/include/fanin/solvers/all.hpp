// The list of solvers, which minimize by steps along directions that they learn from gradients over all
// samples.
#pragma once

#include "fanin/solvers/conjugate_gradient.hpp"
#include "fanin/solvers/lbfgs.hpp"
#include "fanin/variant.hpp"

namespace fanin {

using Solvers = List<LBFGS, ConjugateGradient>;

// One of them, such as LBFGS{}
using Solver = decltype(variant_of(Solvers{}));

}  // namespace fanin
