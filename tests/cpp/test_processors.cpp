#include <doctest/doctest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "fanin/cpu.hpp"
#include "team/processors.hpp"

namespace {

// processors_of_quota of a system with these files
double quota_with(const std::vector<std::pair<std::string, std::string>>& files) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("fanin_processors_" + std::to_string(::getpid()));
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  }
  const double quota = fanin::processors_of_quota(root);
  std::filesystem::remove_all(root);
  return quota;
}

}  // namespace

TEST_CASE("a process without control groups, or without a quota, may use all processors") {
  CHECK(std::isinf(quota_with({})));
  CHECK(std::isinf(quota_with({{"proc/self/cgroup", "0::/\n"}})));
  CHECK(std::isinf(quota_with({{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "max 100000\n"}})));
  CHECK(std::isinf(quota_with({{"proc/self/cgroup", "3:cpu,cpuacct:/\n"},
                               {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
                               {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}})));
  CHECK(std::isinf(
      quota_with({{"proc/self/cgroup", "nonsense\n::\n0::/\n"}, {"sys/fs/cgroup/cpu.max", "a few\n"}})));
}

TEST_CASE("the quota of version 2 is the least of a group and its ancestors") {
  CHECK(quota_with({{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "150000 100000\n"}}) == 1.5);
  CHECK(quota_with({{"proc/self/cgroup", "0::/slice/unit\n"},
                    {"sys/fs/cgroup/slice/cpu.max", "200000 100000\n"},
                    {"sys/fs/cgroup/slice/unit/cpu.max", "300000 50000\n"}}) == 2);
  CHECK(quota_with({{"proc/self/cgroup", "0::/slice/unit\n"},
                    {"sys/fs/cgroup/slice/cpu.max", "max 100000\n"},
                    {"sys/fs/cgroup/slice/unit/cpu.max", "50000 100000\n"}}) == 0.5);
}

TEST_CASE("the quota of version 1 is that of the cpu controller, even if the group is not visible") {
  CHECK(quota_with({{"proc/self/cgroup", "5:memory:/a\n3:cpu,cpuacct:/a\n0::/\n"},
                    {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "400000\n"},
                    {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}) == 4);
  CHECK(quota_with({{"proc/self/cgroup", "3:cpu:/docker/of/the/host\n"},
                    {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "25000\n"},
                    {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "10000\n"}}) == 2.5);
}

TEST_CASE("the default number of threads does not exceed the quota") {
  CHECK(fanin::processors_of_quota() >= 1);
  if (std::getenv("OMP_NUM_THREADS") != nullptr || std::getenv("FANIN_NUM_THREADS") != nullptr) return;
  CHECK(fanin::cpu::num_threads() <= fanin::processors_of_quota());
}
