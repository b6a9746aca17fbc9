// The sum of the products of two matrices' rows, without the products: the bits of multiply, then
// reduce.
#pragma once

#include "kernels/kernels.h"
#include "kernels/reduce/monoid.h"

namespace lanewise::kernels::fast {

// Elements of a row: blocks of monoid.h.
inline constexpr int64_t kMaxProducts = 4 * kBlock;

// out[i] = Σ_j a[i, j] · b[i, j].  a, b: (rows, n), n <= kMaxProducts; float32 or float64. Row i of
// out may lie anywhere in rows 0 … i of a and b. On the calling thread.
void sum_of_products(const View& a, const View& b, const View& out);

}  // namespace lanewise::kernels::fast
