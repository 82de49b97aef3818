// How many processors the quota of a process is worth.
#pragma once

#include <filesystem>

namespace fanin {

// The time that control groups allow a process, in processors: the least quota of its group and those around
// it, from proc/self/cgroup and sys/fs/cgroup in `root`, in version 1 (cpu.cfs_quota_us) or 2 (cpu.max).
// Infinity where there is none.
double processors_of_quota(const std::filesystem::path& root);

// That of this process when it was first asked for, rounded up
int processors_of_quota();

}  // namespace fanin
