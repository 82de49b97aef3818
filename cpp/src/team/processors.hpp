// How many processors this process may use.
#pragma once

#include <filesystem>

namespace fanin {

// Those in its affinity mask now, but no more than its control groups have time for, rounded up
int usable_processors();

// The time that control groups allow a process, in processors: the least quota of its group and those around
// it, from proc/self/cgroup and sys/fs/cgroup in `root`, in version 1 (cpu.cfs_quota_us) or 2 (cpu.max).
// Infinity where there is none.
double processors_of_quota(const std::filesystem::path& root);

}  // namespace fanin
