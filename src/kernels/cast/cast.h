// Conversions, and the copy of a strided view.
//
//   out[i] = (out's dtype) x[i]
//
// As C converts, but always defined: integers wrap, a float beyond the range of
// an integer gives its nearest end and NaN gives 0; to bool: x != 0.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loop_nest.h"

namespace lanewise::kernels {
namespace reference {
void cast(const View& x, const View& out);
}
namespace fast {
void cast(const View& x, const View& out);
Loop cast_loop(DType from, DType to);  // its inner loop
}  // namespace fast
}  // namespace lanewise::kernels
