// What this machine is: vector ISA, caches, cores, found out once, at the first call; and what
// the process takes of it.
#pragma once

#include <cstdint>
#include <string>

namespace lanewise {

struct Machine {
  std::string cpu;  // model name
  // What the kernels run on: "avx3" (AVX-512 F, BW, DQ, VL), "avx2" (with FMA) or
  // "portable". LANEWISE_ISA lowers it; a value that this machine lacks or that is
  // none of the three changes nothing.
  std::string isa;
  int processors = 1;  // usable by this process: its affinity and the quota of its cgroup
  int64_t l1_bytes = 32 << 10, l2_bytes = 1 << 20, l3_bytes = 0;  // of data; l3 0: unknown
};
const Machine& machine();

int64_t peak_memory();  // bytes that this process had in memory at most

}  // namespace lanewise
