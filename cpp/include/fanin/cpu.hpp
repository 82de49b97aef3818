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

// Threads a call may use: the number set below, for the thread or the process; otherwise the smaller of
// FANIN_NUM_THREADS and OMP_NUM_THREADS; all limited by OpenMP's number if that was lowered after the start
// (omp_set_num_threads, threadpoolctl); otherwise the processors that the affinity mask and the control
// groups' quota allow. 1 in a child after fork and in a build without OpenMP. Results do not depend on it.
//
// Trainings and large calls of several threads divide the process's number among them.
int num_threads();
void set_num_threads(int n);  // of the process; 0: back to the default
// Of the calls that the calling thread makes; 0: as the process. Returns the number set before.
int set_own_num_threads(int n);

}  // namespace fanin::cpu

#pragma GCC visibility pop
