// Eigenvalues and eigenvectors by the process's solver.
#pragma once

#include <cstddef>

namespace fanin {

// As an EigenSolver. Throws ValueError if n is too large for the default solver.
void solve_eigen(std::size_t n, double* matrix, double* values);

}  // namespace fanin
