// The number of processors that a process's quota allows.
#pragma once

#include <filesystem>

namespace fanin {

// The processor time that control groups allow a process, in processors: the least quota of its group and the
// group's ancestors, from proc/self/cgroup and sys/fs/cgroup in `root`, in version 1 (cpu.cfs_quota_us) or 2
// (cpu.max). Infinity if there is none.
double processors_of_quota(const std::filesystem::path& root);

// That of this process when first called, rounded up
int processors_of_quota();

}  // namespace fanin
