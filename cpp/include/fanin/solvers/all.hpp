// The list of solvers, which minimize by steps that they learn from all samples.
#pragma once

#include "fanin/solvers/conjugate_gradient.hpp"
#include "fanin/solvers/hessian_free.hpp"
#include "fanin/solvers/lbfgs.hpp"
#include "fanin/solvers/levenberg_marquardt.hpp"
#include "fanin/variant.hpp"

namespace fanin {

using Solvers = List<LBFGS, ConjugateGradient, LevenbergMarquardt, HessianFree>;

// One of them, such as LBFGS{}
using Solver = decltype(variant_of(Solvers{}));

// Those that need only gradients, and search along a line
using LineSolver = decltype(variant_of(List<LBFGS, ConjugateGradient>{}));

}  // namespace fanin
