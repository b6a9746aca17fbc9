// Elementwise kernels.
//
//   unary:   out[i] = f(x[i])
//   binary:  out[i] = f(a[i], b[i])
//   where:   out[i] = condition[i] ? a[i] : b[i]
//
// Dtypes and the meaning of each operation: kernels.h. `out` may be one of the
// inputs (same data and strides). The operators are listed in operators.h, with
// libm for the functions. The fast ones from exp to cos and power are vectors instead
// (math-inl.h): how accurate they are is said in accuracy.h, and an element has
// the same bits at any place, stride or length and on every target.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loop_nest.h"

namespace lanewise::kernels {

namespace reference {
void unary(Unary op, const View& x, const View& out);
void binary(Binary op, const View& a, const View& b, const View& out);
void where(const View& condition, const View& a, const View& b, const View& out);
}  // namespace reference

namespace fast {
void unary(Unary op, const View& x, const View& out);
void binary(Binary op, const View& a, const View& b, const View& out);
void where(const View& condition, const View& a, const View& b, const View& out);

// The inner loops of the above, for operands of one dtype.
Loop loop_of(Unary op, DType dtype);
Loop loop_of(Binary op, DType dtype);
Loop where_loop(DType dtype);
}  // namespace fast

}  // namespace lanewise::kernels
