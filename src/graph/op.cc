#include "graph/op.h"

namespace lanewise::graph {
namespace {

constexpr OpTraits kTraits[] = {
    {Op::input, "input", OpClass::leaf, 0},
    {Op::constant, "constant", OpClass::leaf, 0},
    {Op::negative, "negative", OpClass::unary, 1},
    {Op::abs, "abs", OpClass::unary, 1},
    {Op::sign, "sign", OpClass::unary, 1},
    {Op::exp, "exp", OpClass::unary, 1},
    {Op::log, "log", OpClass::unary, 1},
    {Op::log1p, "log1p", OpClass::unary, 1},
    {Op::expm1, "expm1", OpClass::unary, 1},
    {Op::sqrt, "sqrt", OpClass::unary, 1},
    {Op::tanh, "tanh", OpClass::unary, 1},
    {Op::sigmoid, "sigmoid", OpClass::unary, 1},
    {Op::erf, "erf", OpClass::unary, 1},
    {Op::sin, "sin", OpClass::unary, 1},
    {Op::cos, "cos", OpClass::unary, 1},
    {Op::floor, "floor", OpClass::unary, 1},
    {Op::logical_not, "logical_not", OpClass::unary, 1},
    {Op::add, "add", OpClass::binary, 2},
    {Op::subtract, "subtract", OpClass::binary, 2},
    {Op::multiply, "multiply", OpClass::binary, 2},
    {Op::divide, "divide", OpClass::binary, 2},
    {Op::power, "power", OpClass::binary, 2},
    {Op::maximum, "maximum", OpClass::binary, 2},
    {Op::minimum, "minimum", OpClass::binary, 2},
    {Op::equal, "equal", OpClass::binary, 2},
    {Op::not_equal, "not_equal", OpClass::binary, 2},
    {Op::less, "less", OpClass::binary, 2},
    {Op::less_equal, "less_equal", OpClass::binary, 2},
    {Op::logical_and, "logical_and", OpClass::binary, 2},
    {Op::logical_or, "logical_or", OpClass::binary, 2},
    {Op::where, "where", OpClass::where, 3},
    {Op::cast, "cast", OpClass::cast, 1},
    {Op::sum, "sum", OpClass::reduce, 1},
    {Op::prod, "prod", OpClass::reduce, 1},
    {Op::max, "max", OpClass::reduce, 1},
    {Op::min, "min", OpClass::reduce, 1},
    {Op::argmax, "argmax", OpClass::reduce, 1},
    {Op::argmin, "argmin", OpClass::reduce, 1},
    {Op::squared_deviations, "squared_deviations", OpClass::reduce, 1},
    {Op::top_k, "top_k", OpClass::reduce, 1},
    {Op::bottom_k, "bottom_k", OpClass::reduce, 1},
    {Op::arg_top_k, "arg_top_k", OpClass::reduce, 1},
    {Op::arg_bottom_k, "arg_bottom_k", OpClass::reduce, 1},
    {Op::matmul, "matmul", OpClass::matmul, 2},
    {Op::transpose, "transpose", OpClass::view, 1},
    {Op::reshape, "reshape", OpClass::view, 1},
    {Op::broadcast_to, "broadcast_to", OpClass::view, 1},
    {Op::slice, "slice", OpClass::view, 1},
    {Op::stop_gradient, "stop_gradient", OpClass::view, 1},
    {Op::pad, "pad", OpClass::copy, 1},
    {Op::concatenate, "concatenate", OpClass::copy, -1},
    {Op::take, "take", OpClass::copy, 2},
    {Op::scatter_add, "scatter_add", OpClass::copy, 2},
    {Op::take_along_axis, "take_along_axis", OpClass::copy, 2},
    {Op::scatter_add_along_axis, "scatter_add_along_axis", OpClass::copy, 2},
    {Op::count, "count", OpClass::source, 1},
    {Op::iota, "iota", OpClass::source, 0},
    {Op::uniform, "uniform", OpClass::source, 2},
};
static_assert(has_a_row_for_each_op(kTraits));

}  // namespace

const OpTraits& traits(Op op) { return kTraits[static_cast<int>(op)]; }

}  // namespace lanewise::graph
