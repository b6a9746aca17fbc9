#include "lanewise/ops.h"

#include <fmt/format.h>

#include <limits>

#include "array/eval.h"
#include "graph/build.h"

namespace lanewise {

using graph::NodePtr;
using graph::Op;

namespace {

Array unary(Op op, const Array& x) { return wrap(graph::unary(op, x.node())); }
Array binary(Op op, const Array& a, const Array& b) {
  return wrap(graph::binary(op, a.node(), b.node()));
}
Array reduce(Op op, const Array& x, const Axes& axes, bool keepdims,
             std::string_view operation = {}) {
  return wrap(graph::reduce(op, x.node(), axes, keepdims, operation));
}
Array count(const Array& x, const Axes& axes, DType dtype) {
  return wrap(graph::count(x.node(), axes, dtype));
}
Array as_floats(const Array& x) { return is_float(x.dtype()) ? x : astype(x, DType::float64); }
Axes axes_of(std::optional<int> axis) { return axis ? Axes(*axis) : Axes(); }

}  // namespace

Array add(const Array& a, const Array& b) { return binary(Op::add, a, b); }
Array subtract(const Array& a, const Array& b) { return binary(Op::subtract, a, b); }
Array multiply(const Array& a, const Array& b) { return binary(Op::multiply, a, b); }
Array divide(const Array& a, const Array& b) { return binary(Op::divide, a, b); }
Array power(const Array& a, const Array& b) { return binary(Op::power, a, b); }
Array maximum(const Array& a, const Array& b) { return binary(Op::maximum, a, b); }
Array minimum(const Array& a, const Array& b) { return binary(Op::minimum, a, b); }
Array equal(const Array& a, const Array& b) { return binary(Op::equal, a, b); }
Array not_equal(const Array& a, const Array& b) { return binary(Op::not_equal, a, b); }
Array less(const Array& a, const Array& b) { return binary(Op::less, a, b); }
Array less_equal(const Array& a, const Array& b) { return binary(Op::less_equal, a, b); }
Array greater(const Array& a, const Array& b) { return binary(Op::less, b, a); }
Array greater_equal(const Array& a, const Array& b) { return binary(Op::less_equal, b, a); }
Array logical_and(const Array& a, const Array& b) { return binary(Op::logical_and, a, b); }
Array logical_or(const Array& a, const Array& b) { return binary(Op::logical_or, a, b); }
Array logical_not(const Array& a) { return unary(Op::logical_not, a); }

Array negative(const Array& x) { return unary(Op::negative, x); }
Array abs(const Array& x) { return unary(Op::abs, x); }
Array sign(const Array& x) { return unary(Op::sign, x); }
Array floor(const Array& x) { return unary(Op::floor, x); }
Array exp(const Array& x) { return unary(Op::exp, x); }
Array log(const Array& x) { return unary(Op::log, x); }
Array log1p(const Array& x) { return unary(Op::log1p, x); }
Array expm1(const Array& x) { return unary(Op::expm1, x); }
Array sqrt(const Array& x) { return unary(Op::sqrt, x); }
Array tanh(const Array& x) { return unary(Op::tanh, x); }
Array erf(const Array& x) { return unary(Op::erf, x); }
Array sin(const Array& x) { return unary(Op::sin, x); }
Array cos(const Array& x) { return unary(Op::cos, x); }
Array sigmoid(const Array& x) { return unary(Op::sigmoid, x); }
Array relu(const Array& x) { return maximum(x, 0); }
Array square(const Array& x) { return multiply(x, x); }
Array isnan(const Array& x) { return not_equal(x, x); }
Array clip(const Array& x, const Array& low, const Array& high) {
  return minimum(maximum(x, low), high);
}
Array where(const Array& condition, const Array& a, const Array& b) {
  return wrap(graph::where(condition.node(), a.node(), b.node()));
}
Array stop_gradient(const Array& x) { return wrap(graph::stop_gradient(x.node())); }

Array sum(const Array& x, const Axes& axes, bool keepdims) {
  return reduce(Op::sum, x, axes, keepdims);
}
Array prod(const Array& x, const Axes& axes, bool keepdims) {
  return reduce(Op::prod, x, axes, keepdims);
}
Array max(const Array& x, const Axes& axes, bool keepdims) {
  return reduce(Op::max, x, axes, keepdims);
}
Array min(const Array& x, const Axes& axes, bool keepdims) {
  return reduce(Op::min, x, axes, keepdims);
}

Array mean(const Array& x, const Axes& axes, bool keepdims) {
  const Array f = as_floats(x);
  return reduce(Op::sum, f, axes, keepdims, "mean") / count(f, axes, f.dtype());
}

Array var(const Array& x, const Axes& axes, bool keepdims, int64_t ddof) {
  const Array f = as_floats(x);
  const Array n = count(f, axes, f.dtype()) - static_cast<double>(ddof);
  return reduce(Op::squared_deviations, f, axes, keepdims, "var") / maximum(n, 0.0);
}

Array std(const Array& x, const Axes& axes, bool keepdims, int64_t ddof) {
  return sqrt(var(x, axes, keepdims, ddof));
}

// All and any of no elements are true and false: the product and the sum of bits.
Array all(const Array& x, const Axes& axes, bool keepdims) {
  return astype(prod(astype(x, DType::bool_), axes, keepdims), DType::bool_);
}
Array any(const Array& x, const Axes& axes, bool keepdims) {
  return astype(sum(astype(x, DType::bool_), axes, keepdims), DType::bool_);
}

Array argmax(const Array& x, std::optional<int> axis, bool keepdims) {
  return reduce(Op::argmax, x, axes_of(axis), keepdims);
}
Array argmin(const Array& x, std::optional<int> axis, bool keepdims) {
  return reduce(Op::argmin, x, axes_of(axis), keepdims);
}

TopK top_k(const Array& x, int64_t k, int axis, bool largest) {
  const auto best = [&](Op op) { return wrap(graph::best(op, x.node(), k, axis)); };
  return largest ? TopK{best(Op::top_k), best(Op::arg_top_k)}
                 : TopK{best(Op::bottom_k), best(Op::arg_bottom_k)};
}

Array logsumexp(const Array& x, const Axes& axes, bool keepdims) {
  const Array f = as_floats(x);
  const Array top = stop_gradient(max(f, axes, true));
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Array shift = where(equal(abs(top), kInfinity), 0.0, top);
  const Array spread = log(sum(exp(f - shift), axes, keepdims));
  return spread + reshape(shift, spread.shape());
}

Array softmax(const Array& x, int axis) {
  const Array f = as_floats(x);
  const Array e = exp(f - stop_gradient(max(f, axis, true)));
  return e / sum(e, axis, true);
}

Array log_softmax(const Array& x, int axis) {
  const Array f = as_floats(x);
  return f - logsumexp(f, axis, true);
}

Array matmul(const Array& a, const Array& b) { return wrap(graph::matmul(a.node(), b.node())); }

Array dot(const Array& a, const Array& b) {
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  if (b.rank() <= 2) return matmul(a, b);
  // The last axis of a meets the second last of b; the other axes stand side by side.
  const int64_t k = a.shape(-1);
  if (k != b.shape(-2)) return matmul(a.reshape({a.size() / std::max<int64_t>(k, 1), k}), b);
  const int rank = b.rank();
  Dims order = {rank - 2};
  Shape result(a.shape().begin(), a.shape().end() - 1);
  for (int axis = 0; axis < rank; ++axis) {
    if (axis == rank - 2) continue;
    order.push_back(axis);
    result.push_back(b.shape(axis));
  }
  const int64_t rows = element_count(Shape(a.shape().begin(), a.shape().end() - 1));
  int64_t columns = 1;
  for (int i = 1; i < rank; ++i) columns *= b.shape(static_cast<int>(order[i]));
  return reshape(matmul(a.reshape({rows, k}), transpose(b, order).reshape({k, columns})), result);
}

Array outer(const Array& a, const Array& b) { return expand_dims(ravel(a), 1) * ravel(b); }

Array transpose(const Array& x, const Dims& permutation) {
  return wrap(graph::transpose(x.node(), permutation));
}

Array swapaxes(const Array& x, int axis1, int axis2) {
  Dims order;
  for (int axis = 0; axis < x.rank(); ++axis) order.push_back(axis);
  std::swap(order[normalize_axis(axis1, x.rank(), "swapaxes")],
            order[normalize_axis(axis2, x.rank(), "swapaxes")]);
  return transpose(x, order);
}

Array reshape(const Array& x, const Shape& shape) { return wrap(graph::reshape(x.node(), shape)); }
Array ravel(const Array& x) { return reshape(x, {x.size()}); }

Array squeeze(const Array& x, const Axes& axes) {
  Dims chosen;
  for (int64_t axis : axes.values()) {
    chosen.push_back(normalize_axis(axis, x.rank(), "squeeze"));
    if (x.shape()[static_cast<int>(chosen.back())] != 1)
      throw ShapeError(
          fmt::format("squeeze: axis {} of {} has extent {}, only extents of 1 can go", axis,
                      to_string(x.shape()), x.shape()[static_cast<int>(chosen.back())]),
          {"squeeze",
           {x.shape()},
           static_cast<int>(chosen.back()),
           x.shape()[static_cast<int>(chosen.back())],
           1,
           "index or reduce that axis"});
  }
  Shape shape;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axes.all() ? x.shape()[axis] != 1 : !chosen.contains(axis))
      shape.push_back(x.shape()[axis]);
  return reshape(x, shape);
}

Array expand_dims(const Array& x, const Axes& axes) {
  const int rank = x.rank() + axes.values().rank();
  Dims added;
  for (int64_t axis : axes.values()) {
    const int at = normalize_axis(axis, rank, "expand_dims");
    if (added.contains(at))
      throw ValueError(fmt::format("expand_dims: axis {} is named twice", axis));
    added.push_back(at);
  }
  Shape shape;
  for (int axis = 0, from = 0; axis < rank; ++axis)
    shape.push_back(added.contains(axis) ? 1 : x.shape()[from++]);
  return reshape(x, shape);
}

Array broadcast_to(const Array& x, const Shape& shape) {
  return wrap(graph::broadcast_to(x.node(), shape));
}

Array concatenate(const std::vector<Array>& arrays, int axis) {
  std::vector<NodePtr> parts;
  for (const Array& a : arrays) parts.push_back(a.node());
  return wrap(graph::concatenate(std::move(parts), axis));
}

Array stack(const std::vector<Array>& arrays, int axis) {
  std::vector<Array> parts;
  for (const Array& a : arrays) {
    if (!(a.shape() == arrays[0].shape()))
      throw ShapeError(fmt::format("stack: {} and {} differ; all shapes must agree",
                                   to_string(arrays[0].shape()), to_string(a.shape())),
                       {"stack", {arrays[0].shape(), a.shape()}, -1, 0, 0, "use concatenate"});
    parts.push_back(expand_dims(a, axis));
  }
  return concatenate(parts, axis);
}

Array take(const Array& x, const Array& indices, std::optional<int> axis) {
  const Array from = axis ? x : ravel(x);
  return wrap(graph::take(from.node(), indices.node(), axis.value_or(0)));
}

Array take_along_axis(const Array& x, const Array& indices, std::optional<int> axis) {
  const Array from = axis ? x : ravel(x);
  return wrap(graph::take_along_axis(from.node(), indices.node(), axis.value_or(0)));
}

Array astype(const Array& x, DType dtype) {
  if (!x.node()->weak) return wrap(graph::cast(x.node(), dtype));
  // The number of the host language gets a dtype of its own.
  const NodePtr node = graph::stop_gradient(graph::cast(x.node(), dtype));
  node->weak = false;
  return wrap(node);
}

}  // namespace lanewise
