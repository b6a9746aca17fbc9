#include "passes/grad.h"

#include <fmt/format.h>

#include <algorithm>
#include <numbers>
#include <unordered_map>
#include <unordered_set>

#include "graph/arithmetic.h"
#include "lanewise/error.h"

namespace lanewise::passes {
namespace {

using namespace graph;

NodePtr zero_unless(const NodePtr& condition, const NodePtr& g) {
  return where(condition, g, num(g, 0));
}

// What a rule sees: y = op(x…), g = ∂loss/∂y. It returns ∂loss/∂x for operand
// `which`, in any shape that sum_to brings to the operand's, or null for zero.
struct Site {
  const NodePtr& y;
  const NodePtr& g;
  int which;
  const NodePtr& x(int i) const { return y->inputs[i]; }
  const NodePtr& operand() const { return y->inputs[which]; }
  const Attributes& attributes() const { return y->attributes; }
};
using Rule = NodePtr (*)(const Site&);

NodePtr nothing(const Site&) { return nullptr; }

// -g, negated where it already has the operand's shape: that may be smaller.
NodePtr negative_sum(const Site& s, const NodePtr& g) {
  return unary(Op::negative, sum_to(g, s.operand()->shape));
}

NodePtr power_rule(const Site& s) {
  const NodePtr &a = s.x(0), &b = s.x(1);
  if (s.which == 0) {
    if (const auto exponent = constant_scalar(b)) {
      if (*exponent == 0) return nullptr;
      return mul(s.g, mul(num(b, *exponent),
                          binary(Op::power, a, scalar(b->dtype, *exponent - 1, b->weak))));
    }
    const NodePtr one_less = binary(Op::power, a, sub(b, num(b, 1)));
    // A constant (b = 0) has no slope, not even at a = 0.
    return mul(s.g, where(equal(b, num(b, 0)), num(a, 0), mul(b, one_less)));
  }
  const NodePtr safe = where(less(num(a, 0), a), a, num(a, 1));
  return mul(s.g, mul(s.y, unary(Op::log, safe)));
}

// At a tie the gradient goes to the second operand, so relu = maximum(x, 0) has slope 0 at 0.
NodePtr extremum_rule(const Site& s, const NodePtr& first_wins) {
  return s.which == 0 ? zero_unless(first_wins, s.g) : where(first_wins, num(s.g, 0), s.g);
}

// g, or y, of a reduction with the reduced axes put back as extents of 1.
NodePtr with_axes_kept(const NodePtr& reduced, const Site& s) {
  Shape kept = s.operand()->shape;
  for (int64_t axis : s.attributes().axes) kept[static_cast<int>(axis)] = 1;
  return reshape(reduced, kept);
}

// Equal extrema share the gradient.
NodePtr reduced_extremum_rule(const Site& s) {
  const NodePtr hit = equal(s.operand(), with_axes_kept(s.y, s));
  const NodePtr hits = reduce(Op::sum, cast(hit, s.y->dtype), Axes(s.attributes().axes), true);
  return zero_unless(hit, div(with_axes_kept(s.g, s), hits));
}

// The product of the others, right also where factors are zero.
NodePtr prod_rule(const Site& s) {
  const NodePtr& x = s.operand();
  const Axes axes(s.attributes().axes);
  const NodePtr is_zero = equal(x, num(x, 0));
  const NodePtr others = where(is_zero, num(x, 1), x);
  const NodePtr product = reduce(Op::prod, others, axes, true);
  const NodePtr zeros = reduce(Op::sum, cast(is_zero, x->dtype), axes, true);
  const NodePtr at_zero = zero_unless(equal(zeros, num(x, 1)), product);
  const NodePtr elsewhere = zero_unless(equal(zeros, num(x, 0)), div(product, others));
  return mul(with_axes_kept(s.g, s), where(is_zero, at_zero, elsewhere));
}

NodePtr squared_deviations_rule(const Site& s) {
  const NodePtr& x = s.operand();
  const Axes axes(s.attributes().axes);
  const NodePtr mean = div(reduce(Op::sum, x, axes, true), count(x, axes, x->dtype));
  return mul(sub(x, mean), mul(num(x, 2), with_axes_kept(s.g, s)));
}

NodePtr best_rule(const Site& s, Op arg) {
  const NodePtr& x = s.operand();
  const int axis = static_cast<int>(s.attributes().axes[0]);
  return scatter_add_along_axis(s.g, best(arg, x, s.attributes().k, axis), axis, x->shape);
}

NodePtr swap_last_two(const NodePtr& x) {
  Dims axes;
  for (int axis = 0; axis < x->shape.rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.rank() - 1], axes[axes.rank() - 2]);
  return transpose(x, axes);
}

NodePtr matmul_rule(const Site& s) {
  return s.which == 0 ? matmul(s.g, swap_last_two(s.x(1))) : matmul(swap_last_two(s.x(0)), s.g);
}

NodePtr transpose_rule(const Site& s) {
  const Dims& forward = s.attributes().axes;
  Dims back = forward;
  for (int axis = 0; axis < forward.rank(); ++axis) back[static_cast<int>(forward[axis])] = axis;
  return transpose(s.g, back);
}

NodePtr concatenate_rule(const Site& s) {
  const int axis = s.attributes().axis;
  const Shape& part = s.operand()->shape;
  Dims start = Dims::filled(part.rank(), 0);
  for (int i = 0; i < s.which; ++i) start[axis] += s.x(i)->shape[axis];
  return slice(s.g, start, part, Dims::filled(part.rank(), 1));
}

NodePtr one_minus(const NodePtr& x) { return sub(num(x, 1), x); }

struct Row {
  Op op;
  Rule rule;
};
constexpr Row kRules[] = {
    {Op::input, nothing},
    {Op::constant, nothing},
    {Op::negative, [](const Site& s) { return unary(Op::negative, s.g); }},
    {Op::abs, [](const Site& s) { return mul(s.g, unary(Op::sign, s.x(0))); }},
    {Op::sign, nothing},
    {Op::exp, [](const Site& s) { return mul(s.g, s.y); }},
    {Op::log, [](const Site& s) { return div(s.g, s.x(0)); }},
    {Op::log1p, [](const Site& s) { return div(s.g, add(num(s.g, 1), s.x(0))); }},
    {Op::expm1, [](const Site& s) { return mul(s.g, add(s.y, num(s.g, 1))); }},
    {Op::sqrt, [](const Site& s) { return div(mul(s.g, num(s.g, 0.5)), s.y); }},
    {Op::tanh, [](const Site& s) { return mul(s.g, one_minus(mul(s.y, s.y))); }},
    {Op::sigmoid, [](const Site& s) { return mul(s.g, mul(s.y, one_minus(s.y))); }},
    {Op::erf,
     [](const Site& s) {
       const NodePtr bell = unary(Op::exp, unary(Op::negative, mul(s.x(0), s.x(0))));
       return mul(s.g, mul(num(s.g, 2 * std::numbers::inv_sqrtpi), bell));
     }},
    {Op::sin, [](const Site& s) { return mul(s.g, unary(Op::cos, s.x(0))); }},
    {Op::cos, [](const Site& s) { return unary(Op::negative, mul(s.g, unary(Op::sin, s.x(0)))); }},
    {Op::floor, nothing},
    {Op::logical_not, nothing},
    {Op::add, [](const Site& s) { return s.g; }},
    {Op::subtract, [](const Site& s) { return s.which == 0 ? s.g : negative_sum(s, s.g); }},
    {Op::multiply, [](const Site& s) { return mul(s.g, s.x(1 - s.which)); }},
    {Op::divide,
     [](const Site& s) {
       const NodePtr quotient = div(s.g, s.x(1));
       return s.which == 0 ? quotient : negative_sum(s, mul(quotient, s.y));
     }},
    {Op::power, power_rule},
    // By the result: the first operand need not be kept for it.
    {Op::maximum, [](const Site& s) { return extremum_rule(s, less(s.x(1), s.y)); }},
    {Op::minimum, [](const Site& s) { return extremum_rule(s, less(s.y, s.x(1))); }},
    {Op::equal, nothing},
    {Op::not_equal, nothing},
    {Op::less, nothing},
    {Op::less_equal, nothing},
    {Op::logical_and, nothing},
    {Op::logical_or, nothing},
    {Op::where,
     [](const Site& s) -> NodePtr {
       if (s.which == 0) return nullptr;
       return s.which == 1 ? zero_unless(s.x(0), s.g) : where(s.x(0), num(s.g, 0), s.g);
     }},
    {Op::cast, [](const Site& s) { return s.g; }},
    {Op::sum,
     [](const Site& s) { return broadcast_to(with_axes_kept(s.g, s), s.operand()->shape); }},
    {Op::prod, prod_rule},
    {Op::max, reduced_extremum_rule},
    {Op::min, reduced_extremum_rule},
    {Op::argmax, nothing},
    {Op::argmin, nothing},
    {Op::squared_deviations, squared_deviations_rule},
    {Op::top_k, [](const Site& s) { return best_rule(s, Op::arg_top_k); }},
    {Op::bottom_k, [](const Site& s) { return best_rule(s, Op::arg_bottom_k); }},
    {Op::arg_top_k, nothing},
    {Op::arg_bottom_k, nothing},
    {Op::matmul, matmul_rule},
    {Op::transpose, transpose_rule},
    {Op::reshape, [](const Site& s) { return reshape(s.g, s.operand()->shape); }},
    {Op::broadcast_to, [](const Site& s) { return s.g; }},
    {Op::slice,
     [](const Site& s) {
       return pad(s.g, s.attributes().start, s.operand()->shape, s.attributes().step);
     }},
    {Op::stop_gradient, nothing},
    {Op::pad,
     [](const Site& s) {
       return slice(s.g, s.attributes().start, s.operand()->shape, s.attributes().step);
     }},
    {Op::concatenate, concatenate_rule},
    {Op::take,
     [](const Site& s) -> NodePtr {
       if (s.which != 0) return nullptr;
       return scatter_add(s.g, s.x(1), s.attributes().axis, s.x(0)->shape);
     }},
    {Op::scatter_add,
     [](const Site& s) -> NodePtr {
       return s.which == 0 ? take(s.g, s.x(1), s.attributes().axis) : nullptr;
     }},
    {Op::take_along_axis,
     [](const Site& s) -> NodePtr {
       if (s.which != 0) return nullptr;
       return scatter_add_along_axis(s.g, s.x(1), s.attributes().axis, s.x(0)->shape);
     }},
    {Op::scatter_add_along_axis,
     [](const Site& s) -> NodePtr {
       return s.which == 0 ? take_along_axis(s.g, s.x(1), s.attributes().axis) : nullptr;
     }},
    {Op::count, nothing},
    {Op::iota, nothing},
    {Op::uniform, nothing},
};
static_assert(has_a_row_for_each_op(kRules));

// Evaluation drops operands, so a gradient can't reach through an evaluated array. Those that it
// is taken for, or that a function is given, need no operands.
void check_recorded(const NodePtr& loss, std::span<const NodePtr> wrt,
                    const std::unordered_map<const Node*, NodePtr>& cotangent) {
  const NodePtr outputs[] = {loss};
  const std::vector<NodePtr> order = topological_order(outputs);
  std::unordered_set<NodePtr> given(wrt.begin(), wrt.end());
  for (const NodePtr& node : order)
    if (node->argument) given.insert(node->inputs.begin(), node->inputs.end());
  bool forgotten = false;
  for (const NodePtr& node : order) forgotten |= node->evaluated && !given.contains(node);
  for (std::size_t i = 0; forgotten && i < wrt.size(); ++i)
    if (!cotangent.at(wrt[i].get()))
      throw ValueError(fmt::format(
          "gradients: no recorded operation leads from argument {} to the loss, and the loss uses "
          "arrays that were evaluated before, whose operations are forgotten; take the gradient "
          "before reading values, or use grad or value_and_grad",
          i));
}

// The nodes between `wrt` and the loss, operands first.
std::vector<NodePtr> active_nodes(const NodePtr& loss, std::span<const NodePtr> wrt,
                                  std::unordered_map<const Node*, NodePtr>& cotangent) {
  for (const NodePtr& x : wrt) cotangent[x.get()] = nullptr;
  std::vector<NodePtr> active;
  const NodePtr outputs[] = {loss};
  for (const NodePtr& node : topological_order(outputs)) {
    bool reached = cotangent.contains(node.get());
    if (!node->has_value())
      for (const NodePtr& operand : node->inputs) reached |= cotangent.contains(operand.get());
    if (!reached || !is_float(node->dtype)) continue;
    cotangent[node.get()] = nullptr;
    active.push_back(node);
  }
  return active;
}

}  // namespace

std::vector<NodePtr> gradients(const NodePtr& loss, std::span<const NodePtr> wrt) {
  if (element_count(loss->shape) != 1)
    throw ShapeError(fmt::format("gradients: the loss has shape {}, expected one element; "
                                 "reduce it with sum or mean",
                                 to_string(loss->shape)),
                     {"gradients",
                      {loss->shape},
                      -1,
                      element_count(loss->shape),
                      1,
                      "reduce it with sum or mean"});
  for (const NodePtr& x : wrt)
    if (!is_float(x->dtype))
      throw DTypeError(
          fmt::format("gradients: an argument is {}; only floats have a gradient, "
                      "use astype(float32)",
                      name(x->dtype)));
  if (!is_float(loss->dtype))
    throw DTypeError(fmt::format("gradients: the loss is {}, expected a float", name(loss->dtype)));

  std::unordered_map<const Node*, NodePtr> cotangent;  // holds each active node
  const std::vector<NodePtr> active = active_nodes(loss, wrt, cotangent);
  if (cotangent.contains(loss.get()))
    cotangent[loss.get()] = broadcast_to(scalar_like(loss, 1), loss->shape);
  for (auto node = active.rbegin(); node != active.rend(); ++node) {
    const NodePtr& y = *node;
    const NodePtr g = cotangent.at(y.get());
    if (!g || y->has_value()) continue;
    for (int which = 0; which < static_cast<int>(y->inputs.size()); ++which) {
      const NodePtr& x = y->inputs[which];
      const auto slot = cotangent.find(x.get());
      if (slot == cotangent.end()) continue;
      const NodePtr part = kRules[static_cast<int>(y->op)].rule({y, g, which});
      if (!part) continue;
      const NodePtr fitted = cast(sum_to(part, x->shape), x->dtype);
      slot->second = slot->second ? add(slot->second, fitted) : fitted;
    }
  }
  check_recorded(loss, wrt, cotangent);
  std::vector<NodePtr> grads;
  for (const NodePtr& x : wrt) {
    const NodePtr& g = cotangent.at(x.get());
    grads.push_back(g ? g : broadcast_to(scalar_like(x, 0), x->shape));
  }
  return grads;
}

}  // namespace lanewise::passes
