#include "base/cpu.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "base/cgroup.h"

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
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx3 = avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  const char* forced = std::getenv("LANEWISE_ISA");
  const std::string_view wanted = forced ? forced : "";
  if (avx3 && wanted != "avx2" && wanted != "portable") return "avx3";
  if (avx2 && wanted != "portable") return "avx2";
#endif
  return "portable";
}

// Processors on which the kernel may schedule this process.
int64_t allowed_processors() {
  // The kernel refuses a set that is smaller than its own.
  for (int capacity = CPU_SETSIZE; capacity <= 1 << 16; capacity *= 2) {
    cpu_set_t* set = CPU_ALLOC(capacity);
    if (!set) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(capacity);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return sysconf(_SC_NPROCESSORS_ONLN);
}

int usable_processors() {
  const double quota = std::ceil(cgroup_processors());
  const double allowed = static_cast<double>(std::max<int64_t>(allowed_processors(), 1));
  return static_cast<int>(std::clamp(quota, 1.0, allowed));
}

// What sysfs says of the data cache of a level; 0 where it doesn't.
int64_t cache_in_sysfs(int level) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    int its_level = 0;
    int64_t kibibytes = 0;
    std::string type;
    std::ifstream(folder + "/level") >> its_level;
    std::ifstream(folder + "/type") >> type;
    std::ifstream(folder + "/size") >> kibibytes;  // "48K"
    if (its_level == level && type != "Instruction") return kibibytes << 10;
  }
  return 0;
}

// In a virtual machine either source may be silent.
int64_t cache_bytes(int level, int name, int64_t otherwise) {
  if (const long bytes = sysconf(name); bytes > 0) return bytes;
  if (const int64_t bytes = cache_in_sysfs(level); bytes > 0) return bytes;
  return otherwise;
}

}  // namespace

const Machine& machine() {
  static const Machine m = {cpu_model(),
                            best_isa(),
                            usable_processors(),
                            cache_bytes(1, _SC_LEVEL1_DCACHE_SIZE, 32 << 10),
                            cache_bytes(2, _SC_LEVEL2_CACHE_SIZE, 1 << 20),
                            cache_bytes(3, _SC_LEVEL3_CACHE_SIZE, 0)};
  return m;
}

int64_t peak_memory() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

}  // namespace lanewise
