// Instruction sets and threads.
#pragma once

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace fanin::cpu {

// Instruction sets in this build, best first; those this processor can run; the one in use.
// FANIN_ISA=name in the environment forces one; a name that is unknown or unavailable throws ValueError at
// first use.
std::vector<std::string> built();
std::vector<std::string> available();
std::string active();

bool has_openmp();
std::string compiler();

// Threads a call may use: the number that was set, or FANIN_NUM_THREADS, but no more than OpenMP's where that
// was lowered since the start (omp_set_num_threads, threadpoolctl); else OMP_NUM_THREADS; else the processors
// that the affinity mask and the control groups' quota allow. 1 in a child after fork and in a build without
// OpenMP. Results do not depend on it.
int num_threads();
// The number that was set, or 0
int requested_num_threads();
void set_num_threads(int n);  // 0: as OpenMP has it

}  // namespace fanin::cpu

#pragma GCC visibility pop
