#include "base/cpu.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace lanewise {
namespace {

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "unknown";
}

std::string best_isa() {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx3 = avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  const char* forced = std::getenv("LANEWISE_ISA");
  const std::string_view wanted = forced ? forced : "";
  if (avx3 && wanted != "avx2" && wanted != "portable") return "avx3";
  if (avx2 && wanted != "portable") return "avx2";
  return "portable";
}

// The cgroup's quota in processors, or a large number where there is none.
double cgroup_processors() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period && quota != "max" && period > 0) return std::stod(quota) / period;
  std::ifstream v1("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
      v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double us = -1;
  if (v1 >> us && v1_period >> period && us > 0 && period > 0) return us / period;
  return 1e9;
}

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return std::max(1, std::min(allowed, static_cast<int>(std::ceil(cgroup_processors()))));
}

int64_t cache_bytes(int name, int64_t otherwise) {
  const long bytes = sysconf(name);
  return bytes > 0 ? bytes : otherwise;
}

}  // namespace

const Machine& machine() {
  static const Machine m = {cpu_model(),
                            best_isa(),
                            usable_processors(),
                            cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10),
                            cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20),
                            cache_bytes(_SC_LEVEL3_CACHE_SIZE, 0)};
  return m;
}

}  // namespace lanewise
