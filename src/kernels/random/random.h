// Uniform numbers by a counter: element i needs only (key, i).
//
//   out[i] = bits(Philox-4x32-10(key, offset + i)) · 2^-24 (float32) or 2^-53 (float64)
//
// in [0, 1). Both families give the same bits.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace reference {
void uniform(uint64_t key, int64_t offset, const View& out);
}
namespace fast {
void uniform(uint64_t key, int64_t offset, const View& out);
}
}  // namespace lanewise::kernels
