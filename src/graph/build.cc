#include "graph/build.h"

#include <fmt/format.h>

#include <atomic>
#include <limits>
#include <optional>

#include "base/shape_errors.h"
#include "lanewise/error.h"

namespace lanewise::graph {
namespace {

std::atomic<bool> strict_flag{false};

NodePtr make(Op op, DType dtype, std::vector<NodePtr> inputs, Attributes attributes = {}) {
  auto node = std::make_shared<Node>();
  node->op = op;
  node->dtype = dtype;
  node->attributes = std::move(attributes);
  node->inputs = std::move(inputs);
  node->weak = !node->inputs.empty();
  for (const NodePtr& operand : node->inputs) {
    if (operand->donated)
      throw ValueError(
          fmt::format("{}: an operand was donated to a session, which may have "
                      "overwritten it; read Session::state() instead",
                      name(op)));
    node->weak = node->weak && operand->weak;
    node->traced = node->traced || operand->traced;
    node->depth = std::max<int>(node->depth, operand->depth + 1);
  }
  node->shape = infer_shape(*node);
  byte_count(node->shape, sizeof(double));  // fits 64 bits from here on, whatever the dtype
  return node;
}

[[noreturn]] void refuse(Op op, const NodePtr& x, std::string_view repair) {
  throw DTypeError(fmt::format("{} is not defined for {}; {}", name(op), name(x->dtype), repair));
}

DType common_dtype(const NodePtr& a, const NodePtr& b) {
  return promote(a->dtype, a->weak, b->dtype, b->weak);
}

bool is_logic(Op op) { return op == Op::logical_and || op == Op::logical_or; }
bool is_comparison(Op op) { return op >= Op::equal && op <= Op::less_equal; }

// The dtype in which `op` computes.
DType operand_dtype(Op op, const NodePtr& a, const NodePtr& b) {
  if (is_logic(op)) return DType::bool_;
  const DType dtype = common_dtype(a, b);
  if (op == Op::subtract && is_bool(dtype)) refuse(op, a, "use not_equal or logical_and");
  if (op == Op::divide && !is_float(dtype)) return DType::float64;
  if (op == Op::power && is_bool(dtype)) return DType::int8;
  return dtype;
}

void check_exponent(const NodePtr& exponent) {
  if (constant_scalar(exponent).value_or(0) < 0) throw ValueError(kNegativePower);
}

// What costs less than `power` where the exponent is a number of the host language, or null. As in
// NumPy, the square root stands for an exponent of a half: of -0 it is -0, of -infinity NaN.
NodePtr short_power(const NodePtr& x, const NodePtr& y) {
  if (!y->weak) return nullptr;
  const auto exponent = constant_scalar(y);
  if (exponent == 1) return x;
  if (exponent == 2) return binary(Op::multiply, x, x);
  if (exponent == 3) return binary(Op::multiply, binary(Op::multiply, x, x), x);
  if (!is_float(x->dtype)) return nullptr;
  if (exponent == 0.5) return unary(Op::sqrt, x);
  if (exponent == -1) return binary(Op::divide, scalar_like(x, 1), x);
  return nullptr;
}

// The value of a number of the host language that is an integer.
std::optional<int64_t> weak_integer(const NodePtr& x) {
  if (!x->weak || !x->has_value() || !x->shape.empty() || x->dtype != DType::int64) return {};
  return *x->value.as<int64_t>();
}

bool fits(int64_t value, DType dtype) {
  if (!is_integer(dtype)) return true;
  return with_type(dtype, [&](auto type) {
    return value == static_cast<int64_t>(static_cast<typename decltype(type)::type>(value));
  });
}

// Whether a number of the host language may be outside of `dtype`: an argument of a trace has no
// value yet.
bool may_exceed(const NodePtr& x, DType dtype) {
  if (!x->weak || !x->shape.empty() || x->dtype != DType::int64 || !is_integer(dtype)) return false;
  const auto value = weak_integer(x);
  return !value || !fits(*value, dtype);
}

// A comparison with a number outside the array's range has an answer in int64.
DType comparison_dtype(const NodePtr& a, const NodePtr& b, DType dtype) {
  return may_exceed(a, dtype) || may_exceed(b, dtype) ? DType::int64 : dtype;
}

void check_strict(Op op, const NodePtr& a, const NodePtr& b) {
  if (!strict_flag || a->shape == b->shape || a->shape.empty() || b->shape.empty()) return;
  const Shape shapes[] = {a->shape, b->shape};
  const BroadcastExplanation explained = explain_broadcast(shapes, name(op));
  if (explained.ok && !explained.warnings.empty())
    throw ShapeError(
        explained.text,
        {std::string(name(op)), {a->shape, b->shape}, -1, 0, 0, explained.warnings[0].text});
}

Dims normalized_axes(const Axes& axes, int rank, std::string_view operation) {
  Dims out;
  if (axes.all()) {
    for (int axis = 0; axis < rank; ++axis) out.push_back(axis);
    return out;
  }
  for (int64_t axis : axes.values()) {
    const int at = normalize_axis(axis, rank, operation);
    if (out.contains(at))
      throw ValueError(fmt::format("{}: axis {} is named twice", operation, axis));
    out.push_back(at);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The dtype in which `op` reduces.
DType reduced_dtype(Op op, DType dtype) {
  if (is_float(dtype)) return dtype;
  if (op == Op::sum || op == Op::prod) return DType::int64;
  return op == Op::squared_deviations ? DType::float64 : dtype;
}

NodePtr as_indices(const NodePtr& x, Op op) {
  if (is_float(x->dtype) || is_bool(x->dtype))
    throw DTypeError(fmt::format("{}: indices are {}, expected integers; use astype(int64)",
                                 name(op), name(x->dtype)));
  return cast(x, DType::int64);
}

}  // namespace

void set_strict(bool strict) { strict_flag = strict; }
bool strict() { return strict_flag; }

NodePtr input(DType dtype, const Shape& shape) {
  auto node = std::make_shared<Node>();
  node->op = Op::input;
  node->dtype = dtype;
  node->shape = shape;
  node->traced = true;
  return node;
}

NodePtr constant(Tensor value) {
  auto node = std::make_shared<Node>();
  node->dtype = value.dtype;
  node->shape = value.shape;
  node->set_value(std::move(value));
  return node;
}

NodePtr scalar(DType dtype, double value, bool weak) {
  NodePtr node = constant(Tensor::scalar(dtype, value));
  node->weak = weak;
  return node;
}

std::optional<double> constant_scalar(const NodePtr& x) {
  if (!x->has_value() || !x->shape.empty()) return {};
  return with_type(x->dtype, [&](auto type) {
    return static_cast<double>(*x->value.as<typename decltype(type)::type>());
  });
}

NodePtr scalar_like(const NodePtr& like, double value) { return scalar(like->dtype, value); }

NodePtr unary(Op op, const NodePtr& x) {
  if (op == Op::logical_not) return make(op, DType::bool_, {x});
  const bool keeps_integers =
      op == Op::negative || op == Op::abs || op == Op::sign || op == Op::floor;
  if (!keeps_integers) {
    const NodePtr operand = cast(x, x->weak ? DType::float64 : floating(x->dtype));
    return make(op, operand->dtype, {operand});
  }
  if (is_bool(x->dtype)) {
    if (op == Op::negative || op == Op::sign)
      refuse(op, x, "use logical_not, or astype an integer");
    return x;
  }
  if (op == Op::floor && is_integer(x->dtype)) return x;
  return make(op, x->dtype, {x});
}

NodePtr binary(Op op, const NodePtr& a, const NodePtr& b) {
  check_strict(op, a, b);
  if (op == Op::power && is_integer(common_dtype(a, b))) check_exponent(b);
  DType dtype = operand_dtype(op, a, b);
  if (is_comparison(op)) dtype = comparison_dtype(a, b, dtype);
  if (op == Op::power) {
    if (NodePtr shorter = short_power(cast(a, dtype), b)) return shorter;
  }
  const bool gives_bool = is_comparison(op) || is_logic(op);
  return make(op, gives_bool ? DType::bool_ : dtype, {cast(a, dtype), cast(b, dtype)});
}

NodePtr where(const NodePtr& condition, const NodePtr& a, const NodePtr& b) {
  const DType dtype = common_dtype(a, b);
  return make(Op::where, dtype, {cast(condition, DType::bool_), cast(a, dtype), cast(b, dtype)});
}

NodePtr cast(const NodePtr& x, DType dtype) {
  if (x->dtype == dtype) return x;
  if (const auto value = weak_integer(x); value && !fits(*value, dtype))
    throw ValueError(
        fmt::format("the number {} is out of bounds for {}; convert the array first, "
                    "for example astype int64",
                    *value, name(dtype)));
  const auto value = constant_scalar(x);
  if (value && x->weak) return scalar(dtype, *value, x->weak);  // a number of the host language
  return make(Op::cast, dtype, {x});
}

NodePtr reduce(Op op, const NodePtr& x, const Axes& axes, bool keepdims,
               std::string_view operation) {
  if (operation.empty()) operation = name(op);
  const NodePtr operand = cast(x, reduced_dtype(op, x->dtype));
  Attributes attributes{.axes = normalized_axes(axes, x->shape.rank(), operation),
                        .keepdims = keepdims};
  if (needs_elements(op)) check_elements(operation, x->shape, attributes.axes);
  const bool gives_index = op == Op::argmax || op == Op::argmin;
  return make(op, gives_index ? DType::int64 : operand->dtype, {operand}, std::move(attributes));
}

void check_elements(std::string_view operation, const Shape& shape, const Dims& axes) {
  for (int64_t axis : axes)
    if (shape[static_cast<int>(axis)] == 0)
      throw ValueError(fmt::format("{} of no elements: axis {} of {} has extent 0", operation, axis,
                                   to_string(shape)));
}

void check_k(int64_t k, const Shape& shape, int axis) {
  if (k <= shape[axis]) return;
  throw ShapeError(fmt::format("top_k: k is {}, but axis {} of {} has only {} elements; use a "
                               "smaller k or another axis",
                               k, axis, to_string(shape), shape[axis]),
                   {"top_k", {shape}, axis, k, shape[axis], "use a smaller k or another axis"});
}

NodePtr best(Op op, const NodePtr& x, int64_t k, int axis) {
  axis = normalize_axis(axis, x->shape.rank(), "top_k");
  if (k < 1)
    throw ValueError(
        fmt::format("top_k: k is {}, expected 1 up to the extent {} of axis {}; use a positive k",
                    k, x->shape[axis], axis));
  check_k(k, x->shape, axis);
  const bool gives_index = op == Op::arg_top_k || op == Op::arg_bottom_k;
  return make(op, gives_index ? DType::int64 : x->dtype, {x},
              {.axes = {axis}, .keepdims = true, .k = k});
}

NodePtr count(const NodePtr& x, const Axes& axes, DType dtype) {
  return make(Op::count, dtype, {x}, {.axes = normalized_axes(axes, x->shape.rank(), "count")});
}

NodePtr matmul(const NodePtr& a, const NodePtr& b) {
  const Shape result = matmul_shape(a->shape, b->shape);
  const DType dtype = common_dtype(a, b);
  // A vector becomes a row on the left, a column on the right.
  NodePtr left = cast(a, dtype), right = cast(b, dtype);
  if (a->shape.rank() == 1) left = reshape(left, {1, a->shape[0]});
  if (b->shape.rank() == 1) right = reshape(right, {b->shape[0], 1});
  const NodePtr product = make(Op::matmul, dtype, {left, right});
  return product->shape == result ? product : reshape(product, result);
}

NodePtr transpose(const NodePtr& x, const Dims& permutation) {
  const int rank = x->shape.rank();
  Dims axes;
  if (permutation.empty())
    for (int axis = rank - 1; axis >= 0; --axis) axes.push_back(axis);
  for (int64_t axis : permutation) axes.push_back(normalize_axis(axis, rank, "transpose"));
  Dims sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  for (int axis = 0; axis < rank || axis < sorted.rank(); ++axis)
    if (sorted.rank() != rank || sorted[axis] != axis)
      throw ValueError(fmt::format("transpose: {} does not name each of the {} axes of {} once",
                                   to_string(permutation), rank, to_string(x->shape)));
  return make(Op::transpose, x->dtype, {x}, {.axes = axes});
}

NodePtr reshape(const NodePtr& x, const Shape& shape) {
  Shape target = shape;
  int open = -1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] >= 0) continue;
    if (shape[axis] != -1 || open >= 0)
      throw ValueError(fmt::format("reshape: {} has more than one unknown or a negative extent",
                                   to_string(shape)));
    target[open = axis] = 1;
  }
  const int64_t size = element_count(x->shape);
  const int64_t known = try_count(target).value_or(std::numeric_limits<int64_t>::max());
  if (open < 0 ? known != size : known == 0 || size % known != 0)
    throw ShapeError(
        fmt::format("reshape: {} holds {} elements, which do not fill {}", to_string(x->shape),
                    size, to_string(shape)),
        {"reshape", {x->shape, shape}, -1, size, known, "the products of the extents must agree"});
  if (open >= 0) target[open] = size / known;
  if (target == x->shape) return x;
  return make(Op::reshape, x->dtype, {x}, {.shape = target});
}

NodePtr broadcast_to(const NodePtr& x, const Shape& shape) {
  if (shape == x->shape) return x;
  const Shape shapes[] = {x->shape, shape};
  if (broadcast_shapes(shapes, "broadcast_to") != shape)
    throw ShapeError(fmt::format("broadcast_to: {} can't become {}: it would have to shrink",
                                 to_string(x->shape), to_string(shape)),
                     {"broadcast_to", {x->shape, shape}, -1, 0, 0, "reduce or slice it first"});
  return make(Op::broadcast_to, x->dtype, {x}, {.shape = shape});
}

NodePtr slice(const NodePtr& x, const Dims& start, const Shape& shape, const Dims& step) {
  return make(Op::slice, x->dtype, {x}, {.shape = shape, .start = start, .step = step});
}

NodePtr stop_gradient(const NodePtr& x) { return make(Op::stop_gradient, x->dtype, {x}); }

NodePtr pad(const NodePtr& x, const Dims& start, const Shape& shape, const Dims& step) {
  return make(Op::pad, x->dtype, {x}, {.shape = shape, .start = start, .step = step});
}

NodePtr concatenate(std::vector<NodePtr> parts, int axis) {
  if (parts.empty()) throw ValueError("concatenate: no arrays were given");
  const Shape& first = parts[0]->shape;
  axis = normalize_axis(axis, first.rank(), "concatenate");
  NodePtr common = parts[0];
  DType dtype = common->dtype;
  for (const NodePtr& part : parts) {
    dtype = promote(dtype, part->dtype);
    bool fits = part->shape.rank() == first.rank();
    for (int at = 0; fits && at < first.rank(); ++at)
      if (at != axis && part->shape[at] != first[at])
        throw ShapeError(
            fmt::format(
                "concatenate: along axis {} every other axis must agree, but axis {} has {} "
                "in {} and {} in {}",
                axis, at, first[at], to_string(first), part->shape[at], to_string(part->shape)),
            {"concatenate",
             {first, part->shape},
             at,
             first[at],
             part->shape[at],
             "slice or reshape one of them"});
    if (!fits)
      throw ShapeError(fmt::format("concatenate: {} and {} have different numbers of axes",
                                   to_string(first), to_string(part->shape)),
                       {"concatenate",
                        {first, part->shape},
                        -1,
                        first.rank(),
                        part->shape.rank(),
                        "expand_dims the smaller one, or use stack"});
  }
  for (NodePtr& part : parts) part = cast(part, dtype);
  return make(Op::concatenate, dtype, std::move(parts), {.axis = axis});
}

NodePtr take(const NodePtr& x, const NodePtr& indices, int axis) {
  return make(Op::take, x->dtype, {x, as_indices(indices, Op::take)},
              {.axis = normalize_axis(axis, x->shape.rank(), "take")});
}

NodePtr scatter_add(const NodePtr& updates, const NodePtr& indices, int axis, const Shape& shape) {
  return make(Op::scatter_add, updates->dtype, {updates, indices}, {.shape = shape, .axis = axis});
}

NodePtr take_along_axis(const NodePtr& x, const NodePtr& indices, int axis) {
  constexpr Op op = Op::take_along_axis;
  axis = normalize_axis(axis, x->shape.rank(), name(op));
  if (indices->shape.rank() != x->shape.rank())
    throw ShapeError(
        fmt::format("{}: the indices {} have another number of axes than {}; use take for the same "
                    "indices everywhere, or expand_dims",
                    name(op), to_string(indices->shape), to_string(x->shape)),
        {std::string(name(op)),
         {x->shape, indices->shape},
         -1,
         x->shape.rank(),
         indices->shape.rank(),
         "use take, or expand_dims"});
  Shape others[] = {x->shape, indices->shape};
  for (Shape& shape : others) shape[axis] = 1;
  Shape from = broadcast_shapes(others, name(op)), result = from;
  from[axis] = x->shape[axis];
  result[axis] = indices->shape[axis];
  return make(op, x->dtype, {broadcast_to(x, from), broadcast_to(as_indices(indices, op), result)},
              {.axis = axis});
}

NodePtr scatter_add_along_axis(const NodePtr& updates, const NodePtr& indices, int axis,
                               const Shape& shape) {
  return make(Op::scatter_add_along_axis, updates->dtype, {updates, indices},
              {.shape = shape, .axis = axis});
}

NodePtr iota(double first, double increment, int64_t count, DType dtype) {
  return make(Op::iota, dtype, {}, {.shape = {count}, .first = first, .increment = increment});
}

NodePtr uniform(const NodePtr& key, const NodePtr& like) {
  if (!key->shape.empty() || key->dtype != DType::int64)
    throw DTypeError(fmt::format("counter_uniform: the key is {} {}, expected an int64 scalar",
                                 name(key->dtype), to_string(key->shape)));
  if (!is_float(like->dtype)) refuse(Op::uniform, like, "use a float32 or float64 array");
  return make(Op::uniform, like->dtype, {key, like});
}

NodePtr sum_to(const NodePtr& x, const Shape& shape) {
  if (x->shape == shape) return x;
  const int extra = x->shape.rank() - shape.rank();
  Dims axes;
  for (int axis = 0; axis < x->shape.rank(); ++axis)
    if (axis < extra || (shape[axis - extra] == 1 && x->shape[axis] != 1)) axes.push_back(axis);
  return reshape(reduce(Op::sum, x, Axes(axes), true), shape);
}

}  // namespace lanewise::graph
