// Any strides to row-major: what files hold.
#pragma once

#include "base/tensor.h"

namespace lanewise {

// `t` itself when it is row-major already, else a copy that is.
Tensor row_major(const Tensor& t);

}  // namespace lanewise
