// Reductions.
//
//   out[kept] = op over x[kept, reduced]
//
// Dtypes, NaN and ties: kernels.h. The fast family adds in the order that
// monoid.h defines, which depends on the number of elements alone; the
// reference in index order.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace reference {
void reduce(Reduce op, const View& x, const bool* reduced, const View& out);
}
namespace fast {
void reduce(Reduce op, const View& x, const bool* reduced, const View& out);
// Of reduce, the operations from Reduce::top_k on.
void top_k(Reduce op, const View& x, const bool* reduced, const View& out);
}  // namespace fast
}  // namespace lanewise::kernels
