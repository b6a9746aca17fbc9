// Small helpers on tensors.
#pragma once

#include "base/tensor.h"

namespace lanewise {

// A row-major copy of t in `dtype`.
Tensor cast_copy(const View& t, DType dtype);

}  // namespace lanewise
