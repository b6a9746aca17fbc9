// Kernels that move elements by index.
//
//   take:         out[…, i…, …] = x[…, indices[i…], …] along `axis` of x
//   scatter_add:  out = 0; out[…, indices[i…], …] += updates[…, i…, …]
//   iota:         out[i] = start + (first + i) · step
//
// Indices are int64 and lie within the axis. scatter_add adds in row-major order
// of the indices, so equal indices give the same sum everywhere.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace reference {
void take(const View& x, const View& indices, int axis, const View& out);
void scatter_add(const View& updates, const View& indices, int axis, const View& out);
void iota(double start, double step, int64_t first, const View& out);
}  // namespace reference

namespace fast {
void take(const View& x, const View& indices, int axis, const View& out);
void scatter_add(const View& updates, const View& indices, int axis, const View& out);
void iota(double start, double step, int64_t first, const View& out);
}  // namespace fast
}  // namespace lanewise::kernels
