// Eigenvalues and eigenvectors, which Whiten needs.
#pragma once

#include <cstddef>
#include <functional>

#pragma GCC visibility push(default)
namespace fanin {

// Replaces a symmetric (n, n) matrix, row-major, by its eigenvectors of length 1, as rows, and sets their
// eigenvalues, in any order.
using EigenSolver = std::function<void(std::size_t n, double* matrix, double* values)>;

// Replaces the solver of the process, before any thread uses it; LAPACK's is much faster than ours, the
// default: Jacobi rotations, for at most 512 columns, with the same bits on every machine.
void set_eigen_solver(EigenSolver solver);

}  // namespace fanin
#pragma GCC visibility pop
