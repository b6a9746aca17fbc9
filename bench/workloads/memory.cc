#include "workloads/memory.h"

#include <fstream>
#include <string>

namespace lanewise::bench {
namespace {

// A line of /proc/self/status, in kB there.
int64_t status_bytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (word == key) {
      int64_t kilobytes = 0;
      file >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

}  // namespace

int64_t resident_bytes() { return status_bytes("VmRSS:"); }
int64_t peak_resident_bytes() { return status_bytes("VmHWM:"); }
void restart_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

}  // namespace lanewise::bench
