// The contract of every kernel family.
//
// A kernel takes views (raw pointer, dtype, extents, strides in elements, any
// sign, 0 repeats) and writes `out`, which its caller has allocated and which
// overlaps no input unless stated. It knows no graph and checks nothing: the caller has
// checked shapes and dtypes. Its working memory is the thread's (scratch.h); that there is
// none left is all that it throws. Extents may be 0.
//
// Each family has a reference (scalar, as a textbook writes it; namespace
// `reference`) and a fast version (namespace `fast`: SIMD, threads). A Family
// table holds one set of them; an executor is given a table.
#pragma once

#include <cstdint>
#include <span>

#include "base/tensor.h"

namespace lanewise::kernels {

enum class Unary : uint8_t {
  negative,
  abs,
  sign,
  exp,
  log,
  log1p,
  expm1,
  sqrt,
  tanh,
  sigmoid,
  erf,
  sin,
  cos,
  floor,
  logical_not,
};
enum class Binary : uint8_t {
  add,
  subtract,
  multiply,
  divide,
  power,
  maximum,
  minimum,
  equal,
  not_equal,
  less,
  less_equal,
  logical_and,
  logical_or,
};
enum class Reduce : uint8_t {
  sum,
  prod,
  max,
  min,
  argmax,
  argmin,
  squared_deviations,
  top_k,
  bottom_k,
  arg_top_k,
  arg_bottom_k,
};

// A table of kernels: everything that an executor needs to run a graph.
struct Family {
  // out[i] = f(x[i]).  x, out: same shape and dtype (logical_not: any -> bool).
  // exp … cos: float32, float64. negative, abs, sign, floor: all but bool. NaN and
  // infinities as in NumPy; integer overflow wraps.
  void (*unary)(Unary op, const View& x, const View& out);

  // out[i] = f(a[i], b[i]).  a, b: same shape (strides 0 where broadcast) and dtype;
  // out: that dtype, bool for comparisons and logic. maximum and minimum keep
  // NaN (either operand). power of integers: repeated multiplication, negative
  // exponents are excluded by the caller. divide: floats only.
  // bool: add is or, multiply is and, maximum or, minimum and; comparisons work.
  void (*binary)(Binary op, const View& a, const View& b, const View& out);

  // out[i] = condition[i] ? a[i] : b[i].  condition: bool; a, b, out: one dtype.
  void (*where)(const View& condition, const View& a, const View& b, const View& out);

  // out[i] = (out's dtype) x[i], as C converts; to bool: x != 0 (NaN is true);
  // from a float that does not fit an integer: the saturated value, NaN gives 0 (defined, not UB).
  // Also the copy of a strided view (same dtype).
  void (*cast)(const View& x, const View& out);

  // Reduces the axes of x where `reduced[axis]`; out has those axes with extent 1 (top_k … : k).
  // sum, prod: x and out of one dtype (the caller casts bool and narrow integers first);
  // max, min: NaN wins; never called on no elements; bool works. argmax, argmin: exactly one axis
  // or all (row-major index), out int64, the first of equals, the first NaN wins.
  // squared_deviations: Σ (x - mean)², floats only; NaN where an element is no finite number.
  // top_k, bottom_k: along exactly one axis the k largest or smallest, best first, 1 <= k <= its
  // extent; NaN counts as the largest number; of equals the first. arg_…: their indices, int64.
  // Order: fast sums in blocks of 512 along the reduced elements merged like a
  // binary counter (see reduce/monoid.h); the reference in index order.
  void (*reduce)(Reduce op, const View& x, const bool* reduced, const View& out);

  // out[…, i, j] = Σ_p a[…, i, p] · b[…, p, j], one chain of fused multiply-adds
  // in order of p from zero, whatever m, n, k, strides, threads (reference: likewise, scalar).
  // a: (…, m, k), b: (…, k, n), out: (…, m, n), batch axes already of one shape
  // (stride 0 where broadcast). Any one dtype; integers wrap; bool: or of ands. k = 0 gives zeros.
  void (*matmul)(const View& a, const View& b, const View& out);

  // out[…, i, …] = x[…, indices[i…], …] along `axis`: out has the shape of x with
  // `axis` replaced by the axes of indices (int64, already within 0 … extent-1). Indices of the
  // rank of x and the shape of out: an index for each element, out[i…] = x[…, indices[i…], …].
  void (*take)(const View& x, const View& indices, int axis, const View& out);

  // The gradient of take: fills out with zeros, then out[…, indices[i], …] += updates[…, i, …]
  // in row-major order of the indices (deterministic).  Indices of the shape of updates, which has
  // the rank of out: an index for each update.
  void (*scatter_add)(const View& updates, const View& indices, int axis, const View& out);

  // out[i] = start + step · i along the only axis (int64 or floats; computed as start + i·step in
  // out's dtype).
  void (*iota)(double start, double step, int64_t first, const View& out);

  // out[i] uniform in [0, 1), float32 or float64, by Philox-4x32-10 with key `key`
  // and counter the row-major index i + offset: any element on its own, in any order. Salmon et
  // al., SC 2011.
  void (*uniform)(uint64_t key, int64_t offset, const View& out);
};

const Family& reference_family();
const Family& fast_family();

// Fills out with zeros.
void fill_zero(const View& out);

}  // namespace lanewise::kernels
