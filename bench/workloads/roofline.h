// What this machine can do at best, measured: the measure of every figure.
#pragma once

#include <string>

namespace lanewise::bench {

struct Roofline {
  std::string isa;       // as Highway calls the target that ran
  double flops = 0;      // a second: multiply-adds of float32, in registers
  double bandwidth = 0;  // bytes a second: a = b + s·c with stores past the caches
};

// The best of several tries on `threads` threads.
Roofline measure_roofline(int threads);

}  // namespace lanewise::bench
