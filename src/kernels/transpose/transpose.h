// The copy of a matrix into the other order.
//
//   out[i · so + j] = x[i + j · sx]      i < rows, j < columns
//
// Elements have 4 or 8 bytes; other sizes, and strides other than 1 on both sides, are
// copied by cast (cast/cast.h), which calls this where it fits.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels::fast {

// One thread's work. `bytes`: of an element.
void transpose(std::size_t bytes, const std::byte* x, int64_t sx, std::byte* out, int64_t so,
               int64_t rows, int64_t columns);

// Copies x to out on all threads and returns true where one is the transposed order of
// the other: two axes, each side with a stride of 1 on another one.
bool copy_transposed(const View& x, const View& out);

}  // namespace lanewise::kernels::fast
