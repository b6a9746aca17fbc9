// Makes nodes: checks operands, promotes dtypes (NumPy 2), infers the shape.
// The one place where a primitive's rules stand; arrays and the gradient pass
// both build through it.
#pragma once

#include <optional>

#include "graph/node.h"
#include "lanewise/shape.h"

namespace lanewise::graph {

NodePtr input(DType dtype, const Shape& shape);
NodePtr constant(Tensor value);
NodePtr scalar(DType dtype, double value, bool weak = false);
// A scalar of the dtype of `like`, as a weak number of the host language would become.
NodePtr scalar_like(const NodePtr& like, double value);
// The value of a node without axes that has one.
std::optional<double> constant_scalar(const NodePtr& x);

NodePtr unary(Op op, const NodePtr& x);
NodePtr binary(Op op, const NodePtr& a, const NodePtr& b);
NodePtr where(const NodePtr& condition, const NodePtr& a, const NodePtr& b);
NodePtr cast(const NodePtr& x, DType dtype);

// `operation` is the name that errors give: mean is made of sum.
NodePtr reduce(Op op, const NodePtr& x, const Axes& axes, bool keepdims,
               std::string_view operation = {});
// Errors: ValueError where one of the axes has no elements.
void check_elements(std::string_view operation, const Shape& shape, const Dims& axes);
// The k best along one axis or their indices; op: top_k, bottom_k, arg_top_k or arg_bottom_k.
NodePtr best(Op op, const NodePtr& x, int64_t k, int axis);
// Errors: ShapeError where the axis has fewer than k elements.
void check_k(int64_t k, const Shape& shape, int axis);
// How many elements of x fall on one element of its reduction over `axes`, as a scalar.
NodePtr count(const NodePtr& x, const Axes& axes, DType dtype);

NodePtr matmul(const NodePtr& a, const NodePtr& b);

NodePtr transpose(const NodePtr& x, const Dims& permutation);
NodePtr reshape(const NodePtr& x, const Shape& shape);  // one extent may be −1
NodePtr broadcast_to(const NodePtr& x, const Shape& shape);
// x[start[i] + j·step[i]] for j < shape[i]: bounds already resolved.
NodePtr slice(const NodePtr& x, const Dims& start, const Shape& shape, const Dims& step);
NodePtr stop_gradient(const NodePtr& x);

// The adjoint of slice: zeros of `shape` with x at start + j·step.
NodePtr pad(const NodePtr& x, const Dims& start, const Shape& shape, const Dims& step);
NodePtr concatenate(std::vector<NodePtr> parts, int axis);
NodePtr take(const NodePtr& x, const NodePtr& indices, int axis);
NodePtr scatter_add(const NodePtr& updates, const NodePtr& indices, int axis, const Shape& shape);
// An index for each element of the result, or of the updates, which have its shape.
NodePtr take_along_axis(const NodePtr& x, const NodePtr& indices, int axis);
NodePtr scatter_add_along_axis(const NodePtr& updates, const NodePtr& indices, int axis,
                               const Shape& shape);

NodePtr iota(double first, double increment, int64_t count, DType dtype);
NodePtr uniform(const NodePtr& key, const NodePtr& like);

// x summed to `shape`, from which it was broadcast.
NodePtr sum_to(const NodePtr& x, const Shape& shape);

// Strict shapes: a broadcast that is probably a mistake raises.
void set_strict(bool strict);
bool strict();

// The shape that `node` must have, from its operands and attributes.
Shape infer_shape(const Node& node);

}  // namespace lanewise::graph
