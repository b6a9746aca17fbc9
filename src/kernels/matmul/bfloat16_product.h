// The product of one row and a float32 matrix whose elements are all numbers of bfloat16. Its
// panels take half the memory, and a row takes as long as reading them. A bfloat16 is a float32:
// chains and bits are those of multiply_panels.
//
// A panel (k, 2 vectors) has words of 32 bits for two columns each: the lower half is column i,
// the upper one column i + lanes.
#pragma once

#include "kernels/matmul/tile_product.h"

namespace lanewise::kernels::fast {

// With fewer columns panels would be mostly empty, and packed biases are shorter than a panel.
inline constexpr int64_t kLeastColumns = 5;

bool holds_bfloat16(const View& b);  // b: float32 (k, n)

int64_t bfloat16_panel_bytes(int64_t k, int64_t n);
void pack_bfloat16_panels(const View& b, std::byte* panels);  // b: (k, n), holds_bfloat16

// As multiply_panels. a: (1, k), out: (1, n), n at least kLeastColumns.
void multiply_bfloat16_panels(const View& a, const std::byte* panels, const Epilogue& epilogue,
                              const View& out);

}  // namespace lanewise::kernels::fast
