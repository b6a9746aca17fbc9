// Uniform numbers by a counter: element i needs only (key, i).
//
//   out[i] = bits(Philox-4x32-10(key, offset + i)) · 2^-24 (float32) or 2^-53 (float64)
//
// in [0, 1). Both families give the same bits.
//
// And runs of 256 numbers, for data that is made a run of samples at a time. Run r of stream s:
//
//   words w[k][q] = word k of Philox-4x32-10(key, {64·r + q (64 bits), s, 1}), q < 64, k < 4
//   uniform_run: out[64·k + q] = w[k][q] · 2^-32, to 24 bits
//   normal_run:  out[64·k + q], out[64·(k + 1) + q] = normal_pair(w[k][q], w[k + 1][q]), even k
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {
inline constexpr int64_t kRandomRun = 256;

namespace reference {
void uniform(uint64_t key, int64_t offset, const View& out);
void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out);
void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out);
}  // namespace reference
namespace fast {
void uniform(uint64_t key, int64_t offset, const View& out);
void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out);
void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out);
}  // namespace fast
}  // namespace lanewise::kernels
