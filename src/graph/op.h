// The closed set of primitives. Everything else (mean, softmax, layers, losses)
// is a composition of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lanewise::graph {

// The order is that of the table in op.cc. Unary, binary and reduce are runs in
// the order of kernels::Unary, Binary and Reduce, so that a kernel's number is an offset.
enum class Op : uint8_t {
  // leaves: an argument of a program; an array with values
  input,
  constant,
  // elementwise, one operand
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
  // elementwise, two operands, broadcasting
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
  where,
  cast,
  // reductions over `axes`
  sum,
  prod,
  max,
  min,
  argmax,
  argmin,
  squared_deviations,  // from the mean, summed
  top_k,
  bottom_k,
  arg_top_k,
  arg_bottom_k,
  matmul,
  // views where strides allow
  transpose,
  reshape,
  broadcast_to,
  slice,
  stop_gradient,
  // copies
  pad,
  concatenate,
  take,
  scatter_add,
  take_along_axis,
  scatter_add_along_axis,
  // sources: how many elements the axes of an operand hold, a ramp, counter-based randomness
  count,
  iota,
  uniform,
};
inline constexpr int kOpCount = static_cast<int>(Op::uniform) + 1;

// Whether a table has a row for each Op, in the order of the enumeration.
template <class Row, std::size_t N>
constexpr bool has_a_row_for_each_op(const Row (&table)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    if (table[i].op != static_cast<Op>(i)) return false;
  return N == kOpCount;
}

enum class OpClass : uint8_t {
  leaf,
  unary,
  binary,
  where,
  cast,
  reduce,
  matmul,
  view,
  copy,
  source
};

struct OpTraits {
  Op op;
  std::string_view name;
  OpClass kind;
  int inputs;  // −1: any number
};
const OpTraits& traits(Op op);
inline std::string_view name(Op op) { return traits(op).name; }
// Whether each element of the result is made of those at its place.
inline bool is_elementwise(Op op) {
  const OpClass kind = traits(op).kind;
  return kind == OpClass::unary || kind == OpClass::binary || kind == OpClass::where ||
         kind == OpClass::cast;
}

// Reductions that mean nothing of no elements, and those that choose k of them.
inline bool needs_elements(Op op) { return op >= Op::max && op <= Op::argmin; }
inline bool chooses(Op op) { return op >= Op::top_k && op <= Op::arg_bottom_k; }

// What is said of a negative exponent, be it a number or found among the values.
inline constexpr const char* kNegativePower =
    "power: integers to a negative integer power have no integer result; convert one operand to "
    "float";

}  // namespace lanewise::graph
