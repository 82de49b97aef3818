// Instruction sets and threads.
#pragma once

#include <string>
#include <vector>

namespace fanin::cpu {

// Instruction sets in this build, best first; those this processor can run; the one in use.
// FANIN_ISA=name in the environment forces one; a name that is unknown or unavailable throws ValueError at
// first use.
std::vector<std::string> built();
std::vector<std::string> available();
std::string active();

bool has_openmp();
std::string compiler();

// Threads a call may use: FANIN_NUM_THREADS, else OpenMP's number (OMP_NUM_THREADS or the processors); 1 in a
// child after fork and in a build without OpenMP. Results do not depend on it.
int num_threads();
void set_num_threads(int n);

}  // namespace fanin::cpu
