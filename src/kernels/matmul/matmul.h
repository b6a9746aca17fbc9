// Matrix products.
//
//   out[…, i, j] = Σ_p a[…, i, p] · b[…, p, j]      a: (…, m, k)  b: (…, k, n)
//
// An element of a float product is one chain, whatever computes it:
//
//   c = 0; for p = 0 … k-1: c = fma(a[i, p], b[p, j], c)
//
// so all paths, thread counts and machines with FMA give the same bits.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace reference {
void matmul(const View& a, const View& b, const View& out);
}
namespace fast {
void matmul(const View& a, const View& b, const View& out);
}
}  // namespace lanewise::kernels
