// Instruction sets and threads.
#pragma once

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace fanin::cpu {

// Instruction sets in this build, best first; those this processor supports; the one in use.
// The environment variable FANIN_ISA=name forces one; an unknown or unavailable name throws ValueError at
// first use.
std::vector<std::string> built();
std::vector<std::string> available();
std::string active();

bool has_openmp();
std::string compiler();

// Threads a call may use: the number set below or by FANIN_NUM_THREADS, limited by OpenMP's if that was
// lowered after the start (omp_set_num_threads, threadpoolctl); otherwise OMP_NUM_THREADS; otherwise the
// processors that the affinity mask and the control groups' quota allow. 1 in a child after fork and in a
// build without OpenMP. Results do not depend on it.
int num_threads();
// The number that was set, or 0 if none was
int requested_num_threads();
void set_num_threads(int n);  // 0: back to the default

}  // namespace fanin::cpu

#pragma GCC visibility pop
