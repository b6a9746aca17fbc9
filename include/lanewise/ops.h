// Operations on arrays, named as in NumPy. Every function broadcasts as NumPy
// does, checks shapes and dtypes at once, and is differentiable where that has
// a meaning. Comparisons and logic give bool. Differences from NumPy are noted.
//
// Errors of all: ShapeError, DTypeError, IndexError for an axis.
#pragma once

#include "lanewise/array.h"

namespace lanewise {

// ---- elementwise, two operands ----
Array add(const Array& a, const Array& b);
Array subtract(const Array& a, const Array& b);  // bool raises DTypeError, as in NumPy
Array multiply(const Array& a, const Array& b);
Array divide(const Array& a, const Array& b);  // true division; integers give floats
// Integers: ValueError for a negative exponent. The exponents 2, 3, -1 and 0.5 as plain numbers are
// products, a quotient and the square root, which of -infinity is NaN, as NumPy's x ** 0.5.
Array power(const Array& a, const Array& b);
Array maximum(const Array& a, const Array& b);  // NaN wins
Array minimum(const Array& a, const Array& b);
Array equal(const Array& a, const Array& b);
Array not_equal(const Array& a, const Array& b);
Array less(const Array& a, const Array& b);
Array less_equal(const Array& a, const Array& b);
Array greater(const Array& a, const Array& b);
Array greater_equal(const Array& a, const Array& b);
Array logical_and(const Array& a, const Array& b);
Array logical_or(const Array& a, const Array& b);
Array logical_not(const Array& a);

inline Array operator+(const Array& a, const Array& b) { return add(a, b); }
inline Array operator-(const Array& a, const Array& b) { return subtract(a, b); }
inline Array operator*(const Array& a, const Array& b) { return multiply(a, b); }
inline Array operator/(const Array& a, const Array& b) { return divide(a, b); }
inline Array operator==(const Array& a, const Array& b) { return equal(a, b); }
inline Array operator!=(const Array& a, const Array& b) { return not_equal(a, b); }
inline Array operator<(const Array& a, const Array& b) { return less(a, b); }
inline Array operator<=(const Array& a, const Array& b) { return less_equal(a, b); }
inline Array operator>(const Array& a, const Array& b) { return greater(a, b); }
inline Array operator>=(const Array& a, const Array& b) { return greater_equal(a, b); }

// ---- elementwise, one operand ----
Array negative(const Array& x);
inline Array operator-(const Array& x) { return negative(x); }
Array abs(const Array& x);
Array sign(const Array& x);
Array floor(const Array& x);
Array exp(const Array& x);
Array log(const Array& x);
Array log1p(const Array& x);
Array expm1(const Array& x);
Array sqrt(const Array& x);
Array tanh(const Array& x);
Array erf(const Array& x);
Array sin(const Array& x);
Array cos(const Array& x);
Array sigmoid(const Array& x);  // 1 / (1 + exp(−x)), stable on both sides
Array relu(const Array& x);     // maximum(x, 0); its derivative at 0 is 0
Array square(const Array& x);
Array isnan(const Array& x);
Array clip(const Array& x, const Array& low, const Array& high);
// condition ? a : b; condition is bool (other dtypes: nonzero).
Array where(const Array& condition, const Array& a, const Array& b);
Array stop_gradient(const Array& x);

// ---- reductions ----
// Axes: all, one or several. Integers sum in int64, bool counts.
// mean, var, std of integers are float64. No elements: sum 0, prod 1, mean NaN;
// max, min, argmax, argmin raise ValueError.
Array sum(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array prod(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array mean(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array var(const Array& x, const Axes& axes = {}, bool keepdims = false, int64_t ddof = 0);
Array std(const Array& x, const Axes& axes = {}, bool keepdims = false, int64_t ddof = 0);
Array max(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array min(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array all(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array any(const Array& x, const Axes& axes = {}, bool keepdims = false);
// One axis, or the flattened array; the first of equals.
Array argmax(const Array& x, std::optional<int> axis = {}, bool keepdims = false);
Array argmin(const Array& x, std::optional<int> axis = {}, bool keepdims = false);

// The k largest elements along `axis`, or the smallest, and their indices, the best first.
//   Shapes: x with extent k along `axis`, both.  Dtypes: values that of x, indices int64.
//   Of equals the lower index comes first. A NaN counts as the largest number: it is first among
//   the largest (as in argmax) and last among the smallest (unlike in argmin). So with largest =
//   false the indices are the first k of numpy.argsort(x, axis, stable=True); NumPy has no top_k.
//   Errors: ValueError for k < 1; ShapeError where the axis has fewer than k elements.
struct TopK {
  Array values, indices;
};
TopK top_k(const Array& x, int64_t k, int axis = -1, bool largest = true);
Array logsumexp(const Array& x, const Axes& axes = {}, bool keepdims = false);
Array softmax(const Array& x, int axis = -1);
Array log_softmax(const Array& x, int axis = -1);

// ---- products ----
Array matmul(const Array& a, const Array& b);  // 1-D operands and batches as numpy.matmul
Array dot(const Array& a, const Array& b);     // as numpy.dot
Array outer(const Array& a, const Array& b);

// ---- shape ----
Array transpose(const Array& x, const Dims& permutation = {});  // reverses when empty
Array swapaxes(const Array& x, int axis1, int axis2);
Array reshape(const Array& x, const Shape& shape);  // one extent may be −1
Array ravel(const Array& x);
Array squeeze(const Array& x, const Axes& axes = {});
Array expand_dims(const Array& x, const Axes& axes);
Array broadcast_to(const Array& x, const Shape& shape);
Array concatenate(const std::vector<Array>& arrays, int axis = 0);
Array stack(const std::vector<Array>& arrays, int axis = 0);
// x along `axis` at integer `indices` (any shape); negative ones count from the
// back. Errors: IndexError, when values are read.  Without axis: of the flattened x.
Array take(const Array& x, const Array& indices, std::optional<int> axis = {});
// x[…, indices[i…], …]: an index for each element of the result, as numpy.take_along_axis; the
// other axes broadcast. Without axis: of the flattened x, indices of one axis.
//   Errors: DTypeError, ShapeError; IndexError, when values are read.
Array take_along_axis(const Array& x, const Array& indices, std::optional<int> axis = -1);
Array astype(const Array& x, DType dtype);

}  // namespace lanewise
