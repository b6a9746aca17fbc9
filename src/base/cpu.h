// What this machine is: vector ISA, caches, cores.
#pragma once

#include <cstdint>
#include <string>

namespace lanewise {

struct Machine {
  std::string cpu;     // model name
  std::string isa;     // "avx3", "avx2" or "portable": what the kernels run on
  int processors = 1;  // usable by this process
  int64_t l1_bytes = 32 << 10, l2_bytes = 1 << 20, l3_bytes = 0;
};
const Machine& machine();

}  // namespace lanewise
