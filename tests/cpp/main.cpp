#include <cfloat>  // which older versions of doctest forget

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "fanin/cpu.hpp"

// Exit code 77 means to ctest that this processor does not support the instruction set
int main(int argc, char** argv) {
  if (const char* wanted = std::getenv("FANIN_EXPECT_ISA")) {
    const auto names = fanin::cpu::available();
    if (std::find(names.begin(), names.end(), wanted) == names.end()) return 77;
    if (fanin::cpu::active() != std::string(wanted)) return 1;
  }
  return doctest::Context(argc, argv).run();
}
