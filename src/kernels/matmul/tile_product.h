// Products of a tile of samples. The chains are those of matmul.h. The pool's threads share one
// with much work, where they have nothing else to do.
//
// A matrix that all tiles share is packed once, into panels [k][width] of as many
// columns as a block holds. Where the tile itself lies on the right, its rows are
// read as they lie, and up to kReadAhead elements beyond the last one.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {

inline constexpr int64_t kReadAhead = 64;

namespace fast {

// Multiply-adds that repay telling another thread.
inline constexpr int64_t kSharedMultiplyAdds = 1 << 19;

// float32 and float64.
bool has_tile_product(DType dtype);

int64_t panel_bytes(DType dtype, int64_t k, int64_t n);
void pack_panels(const View& b, std::byte* panels);  // b: (k, n)

// What becomes of the elements of a product before they are stored, in this order.
struct Epilogue {
  const std::byte* bias = nullptr;   // added to each row: packed like B from a (1, n)
  const std::byte* least = nullptr;  // maximum with this number
};

// out (m, n) = a (m, k) · B.  The columns of out lie side by side.
// next (m, k): what a, or what a is a copy of, is followed by in memory. Fetched into the cache
// meanwhile, if one of its strides is 1.
void multiply_panels(const View& a, const std::byte* panels, const Epilogue& epilogue,
                     const View& out, const View& next = {});

// out (m, n) = (accumulate ? out : 0) + a (m, k) · b (k, n), the chains of out going on.
// The columns of b and of out lie side by side.
void multiply_tile(const View& a, const View& b, bool accumulate, const View& out);

}  // namespace fast
}  // namespace lanewise::kernels
