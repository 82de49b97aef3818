#include "base/registry.hpp"

#include <cstdlib>
#include <string>

#include "fanin/cpu.hpp"
#include "fanin/error.hpp"
#include "isas.hpp"

namespace fanin {

// isas.hpp is made from isa.cmake: FANIN_FOR_EACH_ISA(use) uses each instruction set of the build, the best
// first
#define FANIN_DECLARE(isa) extern const KernelTable kernels_##isa;
FANIN_FOR_EACH_ISA(FANIN_DECLARE)

namespace {

[[maybe_unused]] bool runs_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("fma");
#else
  return false;
#endif
}
[[maybe_unused]] bool runs_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}
[[maybe_unused]] bool runs_neon() { return true; }  // part of every 64-bit ARM processor
[[maybe_unused]] bool runs_baseline() { return true; }

struct Entry {
  const KernelTable* table;
  bool runs;
};

std::vector<Entry> entries() {
#define FANIN_ENTRY(isa) {&kernels_##isa, runs_##isa()},
  return {FANIN_FOR_EACH_ISA(FANIN_ENTRY)};
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

const KernelTable& choose() {
  const char* forced = std::getenv("FANIN_ISA");
  for (const Entry& entry : entries()) {
    if (entry.runs && (forced == nullptr || *forced == '\0' || std::string(forced) == entry.table->name)) {
      return *entry.table;
    }
  }
  if (cpu::available().empty()) {
    throw Error("this build of fanin is for " + joined(cpu::built()) + ", which this processor has not");
  }
  throw ValueError("FANIN_ISA: expected one of " + joined(cpu::available()) + " on this processor, got \"" +
                   forced + "\" (this build has " + joined(cpu::built()) + ")");
}

}  // namespace

const KernelTable& active_kernels() {
  static const KernelTable& table = choose();
  return table;
}

namespace cpu {

std::vector<std::string> built() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.table->name);
  return names;
}

std::vector<std::string> available() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) {
    if (entry.runs) names.emplace_back(entry.table->name);
  }
  return names;
}

std::string active() { return active_kernels().name; }

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

}  // namespace cpu
}  // namespace fanin
