// Shape inference: a function a primitive.
#include <fmt/format.h>

#include <limits>

#include "base/shape_errors.h"
#include "graph/build.h"
#include "lanewise/error.h"

namespace lanewise::graph {
namespace {

Shape reduced_shape(const Node& n) {
  const Shape& x = n.inputs[0]->shape;
  Shape out;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!n.attributes.axes.contains(axis)) out.push_back(x[axis]);
    else if (n.attributes.keepdims) out.push_back(n.attributes.k);
  }
  return out;
}

Shape transposed_shape(const Node& n) {
  Shape out;
  for (int64_t axis : n.attributes.axes) out.push_back(n.inputs[0]->shape[static_cast<int>(axis)]);
  return out;
}

Shape concatenated_shape(const Node& n) {
  const int axis = n.attributes.axis;
  Shape out = n.inputs[0]->shape;
  out[axis] = 0;
  for (const NodePtr& part : n.inputs)
    if (__builtin_add_overflow(out[axis], part->shape[axis], &out[axis]))
      out[axis] = std::numeric_limits<int64_t>::max();  // too large in any case
  return out;
}

Shape taken_shape(const Node& n) {
  const Shape& x = n.inputs[0]->shape;
  Shape out;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (axis != n.attributes.axis) out.push_back(x[axis]);
    else
      for (int64_t extent : n.inputs[1]->shape) out.push_back(extent);
  }
  return out;
}

}  // namespace

Shape infer_shape(const Node& n) {
  switch (traits(n.op).kind) {
    case OpClass::leaf: return n.shape;
    case OpClass::unary:
    case OpClass::cast: return n.inputs[0]->shape;
    case OpClass::binary: {
      const Shape shapes[] = {n.inputs[0]->shape, n.inputs[1]->shape};
      if (shapes[0] == shapes[1]) return shapes[0];
      return broadcast_shapes(shapes, name(n.op));
    }
    case OpClass::where: {
      const Shape shapes[] = {n.inputs[0]->shape, n.inputs[1]->shape, n.inputs[2]->shape};
      return broadcast_shapes(shapes, name(n.op));
    }
    case OpClass::reduce: return reduced_shape(n);
    case OpClass::matmul: return matmul_shape(n.inputs[0]->shape, n.inputs[1]->shape);
    case OpClass::view:
      if (n.op == Op::transpose) return transposed_shape(n);
      return n.op == Op::stop_gradient ? n.inputs[0]->shape : n.attributes.shape;
    case OpClass::copy:
      if (n.op == Op::concatenate) return concatenated_shape(n);
      if (n.op == Op::take_along_axis) return n.inputs[1]->shape;
      return n.op == Op::take ? taken_shape(n) : n.attributes.shape;
    case OpClass::source:
      if (n.op == Op::iota) return n.attributes.shape;
      return n.op == Op::uniform ? n.inputs[1]->shape : Shape{};
  }
  throw InternalError("an operation without a class");
}

}  // namespace lanewise::graph
