#include "team/processors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace fanin {
namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// Microseconds of processor time per period, also in microseconds; "max" or -1: no limit
double processors(const std::string& quota, const std::string& period) {
  const double some = std::atof(quota.c_str()), all = std::atof(period.c_str());
  return some > 0 && all > 0 ? some / all : kNoQuota;
}

std::string first_line(const std::filesystem::path& path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

double quota_of_group(const std::filesystem::path& group) {
  std::istringstream both(first_line(group / "cpu.max"));
  std::string quota, period;
  if (both >> quota >> period) return processors(quota, period);
  return processors(first_line(group / "cpu.cfs_quota_us"), first_line(group / "cpu.cfs_period_us"));
}

// The least quota of a group and its ancestors, as far as they are visible
double quota_of_groups(const std::filesystem::path& mounted_at, const std::filesystem::path& group) {
  double least = quota_of_group(mounted_at);
  std::filesystem::path inner = mounted_at;
  for (const std::filesystem::path& part : group.relative_path()) {
    inner /= part;
    least = std::min(least, quota_of_group(inner));
  }
  return least;
}

}  // namespace

double processors_of_quota(const std::filesystem::path& root) {
  const std::filesystem::path groups = root / "sys/fs/cgroup";
  double least = kNoQuota;
  std::ifstream list(root / "proc/self/cgroup");
  for (std::string line; std::getline(list, line);) {  // number:controllers:group
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      group = line.substr(second + 1);
    const bool version_2 = controllers.empty();
    if (!version_2 && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    for (const std::string& place : {controllers, std::string("cpu")}) {
      least = std::min(least, quota_of_groups(version_2 ? groups : groups / place, group));
    }
  }
  return least;
}

int processors_of_quota() {
  constexpr int most = std::numeric_limits<int>::max();
  static const double quota = std::ceil(processors_of_quota("/"));
  return quota < most ? static_cast<int>(quota) : most;
}

}  // namespace fanin
