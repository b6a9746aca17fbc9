// A line of /proc/self/cgroup reads `id:controllers:/path`; version 2 has the id 0
// and names no controllers. A quota holds for all groups below, so every folder
// from the path up to the root is asked. Inside a container the path may be one
// that only the host sees; then just the root answers.
#include "base/cgroup.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

namespace lanewise {
namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// "MICROSECONDS PERIOD", or "max PERIOD" and -1 where there is no quota.
double quota_in(std::istream&& text) {
  double quota = 0, period = 0;
  return text >> quota >> period && quota > 0 && period > 0 ? quota / period : kNoQuota;
}

double quota_v2(const std::string& folder) { return quota_in(std::ifstream(folder + "/cpu.max")); }

double quota_v1(const std::string& folder) {
  std::string quota, period;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
  std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  return quota_in(std::istringstream(quota + " " + period));
}

template <class Quota>
double smallest(const std::string& mount, std::string path, Quota quota) {
  double least = quota(mount);
  while (path.size() > 1) {
    least = std::min(least, quota(mount + path));
    path.resize(path.rfind('/'));
  }
  return least;
}

bool names_cpu(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

double cgroup_processors(const std::string& groups, const std::string& root) {
  double least = kNoQuota;
  std::ifstream file(groups);
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (!path.starts_with('/')) continue;
    if (controllers.empty()) least = std::min(least, smallest(root, path, quota_v2));
    if (names_cpu(controllers))
      for (const std::string& mount : {root + "/cpu", root + "/" + controllers})
        least = std::min(least, smallest(mount, path, quota_v1));
  }
  return least;
}

}  // namespace lanewise
