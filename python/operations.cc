// The operations of lanewise/ops.h, from tables: a row gives the function of
// the module and, where there is one, the method of Array and the operator.
#include "lanewise/ops.h"

#include <limits>
#include <string>
#include <utility>

#include "convert.h"
#include "graph/node.h"
#include "lanewise/error.h"
#include "module.h"

namespace lanewise::python {
namespace {

using Unary = Array (*)(const Array&);
using Binary = Array (*)(const Array&, const Array&);
using Reduction = Array (*)(const Array&, const Axes&, bool);
using Moment = Array (*)(const Array&, const Axes&, bool, int64_t);
using Search = Array (*)(const Array&, std::optional<int>, bool);
using AlongAxis = Array (*)(const Array&, int);
using Join = Array (*)(const std::vector<Array>&, int);

struct UnaryRow {
  const char* name;
  Unary function;
  const char* operation = nullptr;  // the operator
};
constexpr UnaryRow kUnary[] = {
    {"negative", lanewise::negative, "__neg__"},
    {"abs", lanewise::abs, "__abs__"},
    {"absolute", lanewise::abs},
    {"sign", lanewise::sign},
    {"floor", lanewise::floor},
    {"exp", lanewise::exp},
    {"log", lanewise::log},
    {"log1p", lanewise::log1p},
    {"expm1", lanewise::expm1},
    {"sqrt", lanewise::sqrt},
    {"tanh", lanewise::tanh},
    {"erf", lanewise::erf},
    {"sin", lanewise::sin},
    {"cos", lanewise::cos},
    {"sigmoid", lanewise::sigmoid},
    {"relu", lanewise::relu},
    {"square", lanewise::square},
    {"isnan", lanewise::isnan},
    {"logical_not", lanewise::logical_not},
    {"stop_gradient", lanewise::stop_gradient},
};

// What an integer beyond int64 is beside an array of integers.
enum class Large { refused, as_float, infinite };

struct BinaryRow {
  const char* name;
  Binary function;
  const char* operation = nullptr;
  const char* reflected = nullptr;
  Large large = Large::refused;
};
constexpr BinaryRow kBinary[] = {
    {"add", lanewise::add, "__add__", "__radd__"},
    {"subtract", lanewise::subtract, "__sub__", "__rsub__"},
    {"multiply", lanewise::multiply, "__mul__", "__rmul__"},
    {"divide", lanewise::divide, "__truediv__", "__rtruediv__", Large::as_float},
    {"true_divide", lanewise::divide, nullptr, nullptr, Large::as_float},
    {"power", lanewise::power, "__pow__", "__rpow__"},
    {"matmul", lanewise::matmul, "__matmul__", "__rmatmul__"},
    {"maximum", lanewise::maximum},
    {"minimum", lanewise::minimum},
    {"equal", lanewise::equal, "__eq__", nullptr, Large::infinite},
    {"not_equal", lanewise::not_equal, "__ne__", nullptr, Large::infinite},
    {"less", lanewise::less, "__lt__", nullptr, Large::infinite},
    {"less_equal", lanewise::less_equal, "__le__", nullptr, Large::infinite},
    {"greater", lanewise::greater, "__gt__", nullptr, Large::infinite},
    {"greater_equal", lanewise::greater_equal, "__ge__", nullptr, Large::infinite},
    {"logical_and", lanewise::logical_and},
    {"logical_or", lanewise::logical_or},
};

struct ReductionRow {
  const char* name;
  Reduction function;
};
constexpr ReductionRow kReductions[] = {
    {"sum", lanewise::sum},   {"prod", lanewise::prod},
    {"mean", lanewise::mean}, {"max", lanewise::max},
    {"min", lanewise::min},   {"all", lanewise::all},
    {"any", lanewise::any},   {"logsumexp", lanewise::logsumexp},
};
struct MomentRow {
  const char* name;
  Moment function;
};
constexpr MomentRow kMoments[] = {{"var", lanewise::var}, {"std", lanewise::std}};
struct SearchRow {
  const char* name;
  Search function;
};
constexpr SearchRow kSearches[] = {{"argmax", lanewise::argmax}, {"argmin", lanewise::argmin}};
struct AlongAxisRow {
  const char* name;
  AlongAxis function;
};
constexpr AlongAxisRow kAlongAxis[] = {{"softmax", lanewise::softmax},
                                       {"log_softmax", lanewise::log_softmax}};

// A function's result is an array, also of numbers: it decides a dtype, as they don't.
Array strong(const Array& a) { return a.node()->weak ? astype(a, a.dtype()) : a; }

Array large_beside(const Array& other, const char* name, nb::handle value, Large large) {
  if (is_float(other.dtype()) || large == Large::as_float) return large_as_float(value);
  if (large == Large::refused) refuse_large(name, value);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return Array(beyond_int64(value) * kInfinity);
}

// Two operands that one dtype is found for.
std::pair<Array, Array> operands(const char* name, nb::handle a, nb::handle b,
                                 Large large = Large::refused) {
  if (beyond_int64(b)) {
    const Array left = beyond_int64(a) ? large_as_float(a) : to_array(a);
    return {left, large_beside(left, name, b, large)};
  }
  const Array right = to_array(b);
  return {beyond_int64(a) ? large_beside(right, name, a, large) : to_array(a), right};
}

Array apply(const BinaryRow& row, nb::handle a, nb::handle b) {
  const auto [left, right] = operands(row.name, a, b, row.large);
  return row.function(left, right);
}

int axis_or(nb::handle axis, int otherwise) { return to_axis(axis).value_or(otherwise); }

// `a & b` of masks; of integers NumPy's & works on bits, which Lanewise lacks.
Array mask_operator(const char* symbol, Binary function, const Array& a, const Array& b) {
  if (!is_bool(a.dtype()) || !is_bool(b.dtype()))
    throw DTypeError(std::string(symbol) + " combines bool arrays; use logical_and, logical_or " +
                     "or a comparison");
  return function(a, b);
}

Array invert(const Array& a) {
  if (!is_bool(a.dtype())) throw DTypeError("~ negates bool arrays; use logical_not");
  return logical_not(a);
}

// A bound that is None doesn't clip.
Array clip_to(const Array& a, nb::handle low, nb::handle high) {
  const auto beside = [](const Array& x, nb::handle bound) {
    return beyond_int64(bound) ? large_beside(x, "clip", bound, Large::refused) : to_array(bound);
  };
  if (low.is_none() && high.is_none()) return a;
  if (low.is_none()) return minimum(a, beside(a, high));
  if (high.is_none()) return maximum(a, beside(a, low));
  return clip(a, beside(a, low), beside(a, high));
}

void bind_operator(nb::class_<Array>& cls, const BinaryRow& row) {
  cls.def(
      row.operation,
      [&row](nb::handle_t<Array> a, nb::handle b) -> nb::object {
        if (!is_operand(b)) return nb::borrow(Py_NotImplemented);
        return nb::cast(apply(row, a, b));
      },
      "other"_a.none());
  if (row.reflected == nullptr) return;
  cls.def(
      row.reflected,
      [&row](nb::handle_t<Array> a, nb::handle b) -> nb::object {
        if (!is_operand(b)) return nb::borrow(Py_NotImplemented);
        return nb::cast(apply(row, b, a));
      },
      "other"_a.none());
}

void bind_mask_operator(nb::class_<Array>& cls, const char* symbol, const char* name,
                        const char* reflected, Binary function) {
  cls.def(name, [=](const Array& a, nb::handle b) {
    return mask_operator(symbol, function, a, to_array(b));
  });
  cls.def(reflected, [=](const Array& a, nb::handle b) {
    return mask_operator(symbol, function, to_array(b), a);
  });
}

void bind_elementwise(nb::module_& m, nb::class_<Array>& cls) {
  for (const UnaryRow& row : kUnary) {
    m.def(
        row.name, [f = row.function](nb::handle x) { return strong(f(to_array(x))); }, "x"_a);
    if (row.operation != nullptr)
      cls.def(row.operation, [f = row.function](const Array& x) { return f(x); });
  }
  for (const BinaryRow& row : kBinary) {
    m.def(
        row.name, [&row](nb::handle a, nb::handle b) { return strong(apply(row, a, b)); }, "x1"_a,
        "x2"_a);
    if (row.operation != nullptr) bind_operator(cls, row);
  }
  cls.def("__pos__", [](const Array& x) { return x; });
  cls.def("__invert__", &invert);
  bind_mask_operator(cls, "&", "__and__", "__rand__", lanewise::logical_and);
  bind_mask_operator(cls, "|", "__or__", "__ror__", lanewise::logical_or);
  m.def(
      "clip",
      [](nb::handle a, nb::handle low, nb::handle high) {
        return strong(clip_to(to_array(a), low, high));
      },
      "a"_a, "a_min"_a.none(), "a_max"_a.none());
  m.def(
      "where",
      [](nb::handle condition, nb::handle x, nb::handle y) {
        const auto [left, right] = operands("where", x, y);
        return strong(where(to_array(condition), left, right));
      },
      "condition"_a, "x"_a, "y"_a);
}

// A function of the module, and the method whose self is its operand `a`.
template <class F, class... Extra>
void define(nb::module_& m, const char* name, F&& f, const Extra&... extra) {
  m.def(name, f, "a"_a, extra...);
}
template <class F, class... Extra>
void define(nb::class_<Array>& cls, const char* name, F&& f, const Extra&... extra) {
  cls.def(name, f, extra...);
}

// What NumPy's functions pass to methods: numpy.sum(x) calls x.sum(axis=None, dtype=None,
// out=None).
Array reduction_operand(nb::handle a, nb::handle dtype, nb::handle out) {
  if (!out.is_none())
    throw nb::type_error("out is not supported, as an array never changes; use the result");
  const Array operand = to_array(a);
  return dtype.is_none() ? operand : astype(operand, to_dtype(dtype));
}

// NumPy takes axis 0 or -1 of a scalar too, as if it had one.
bool is_axis_of_scalar(const Array& a, nb::handle axis) {
  if (a.rank() > 0 || !is_integer_number(axis)) return false;
  const int64_t value = to_int(axis);
  return value == 0 || value == -1;
}
Axes reduced_axes(const Array& a, nb::handle axis) {
  return is_axis_of_scalar(a, axis) ? Axes() : to_axes(axis);
}
std::optional<int> searched_axis(const Array& a, nb::handle axis) {
  return is_axis_of_scalar(a, axis) ? std::nullopt : to_axis(axis);
}

template <class Scope>
void bind_reductions(Scope& scope) {
  for (const ReductionRow& row : kReductions)
    define(
        scope, row.name,
        [f = row.function](nb::handle a, nb::handle axis, nb::handle dtype, nb::handle out,
                           bool keepdims) {
          const Array operand = reduction_operand(a, dtype, out);
          return strong(f(operand, reduced_axes(operand, axis), keepdims));
        },
        "axis"_a = nb::none(), nb::kw_only(), "dtype"_a = nb::none(), "out"_a = nb::none(),
        "keepdims"_a = false);
  for (const MomentRow& row : kMoments)
    define(
        scope, row.name,
        [f = row.function](nb::handle a, nb::handle axis, nb::handle dtype, nb::handle out,
                           int64_t ddof, bool keepdims) {
          const Array operand = reduction_operand(a, dtype, out);
          return strong(f(operand, reduced_axes(operand, axis), keepdims, ddof));
        },
        "axis"_a = nb::none(), nb::kw_only(), "dtype"_a = nb::none(), "out"_a = nb::none(),
        "ddof"_a = 0, "keepdims"_a = false);
  for (const SearchRow& row : kSearches)
    define(
        scope, row.name,
        [f = row.function](nb::handle a, nb::handle axis, nb::handle out, bool keepdims) {
          const Array operand = reduction_operand(a, nb::none(), out);
          return strong(f(operand, searched_axis(operand, axis), keepdims));
        },
        "axis"_a = nb::none(), nb::kw_only(), "out"_a = nb::none(), "keepdims"_a = false);
}

void bind_selections(nb::module_& m) {
  m.def(
      "take_along_axis",
      [](nb::handle arr, nb::handle indices, nb::handle axis) {
        return strong(take_along_axis(to_array(arr), to_array(indices), to_axis(axis)));
      },
      "arr"_a, "indices"_a, "axis"_a.none() = -1);
  m.def(
      "top_k",
      [](nb::handle x, int64_t k, nb::handle axis, bool largest) {
        const TopK best = top_k(to_array(x), k, axis_or(axis, -1), largest);
        return nb::make_tuple(strong(best.values), strong(best.indices));
      },
      "x"_a, "k"_a, "axis"_a = -1, nb::kw_only(), "largest"_a = true);
}

template <class Scope>
void bind_products_and_shape(Scope& scope) {
  define(
      scope, "dot",
      [](nb::handle a, nb::handle b) { return strong(dot(to_array(a), to_array(b))); }, "b"_a);
  define(scope, "ravel", [](nb::handle a) { return strong(ravel(to_array(a))); });
  define(
      scope, "squeeze",
      [](nb::handle a, nb::handle axis) { return strong(squeeze(to_array(a), to_axes(axis))); },
      "axis"_a = nb::none());
  define(
      scope, "swapaxes",
      [](nb::handle a, nb::handle axis1, nb::handle axis2) {
        return strong(swapaxes(to_array(a), axis_or(axis1, 0), axis_or(axis2, 0)));
      },
      "axis1"_a, "axis2"_a);
  define(
      scope, "take",
      [](nb::handle a, nb::handle indices, nb::handle axis) {
        return strong(take(to_array(a), to_array(indices), to_axis(axis)));
      },
      "indices"_a, "axis"_a = nb::none());
}

Array join(Join function, nb::handle arrays, nb::handle axis) {
  std::vector<Array> parts = to_arrays(arrays);
  if (axis.is_none())
    for (Array& part : parts) part = ravel(part);
  return strong(function(parts, axis_or(axis, 0)));
}

void bind_shape_functions(nb::module_& m) {
  m.def(
      "outer", [](nb::handle a, nb::handle b) { return strong(outer(to_array(a), to_array(b))); },
      "a"_a, "b"_a);
  m.def(
      "transpose",
      [](nb::handle a, nb::handle axes) {
        return strong(axes.is_none() ? to_array(a).T() : transpose(to_array(a), to_shape(axes)));
      },
      "a"_a, "axes"_a = nb::none());
  m.def(
      "reshape",
      [](nb::handle a, nb::handle shape) { return strong(reshape(to_array(a), to_shape(shape))); },
      "a"_a, "shape"_a);
  m.def(
      "expand_dims",
      [](nb::handle a, nb::handle axis) { return strong(expand_dims(to_array(a), to_axes(axis))); },
      "a"_a, "axis"_a);
  m.def(
      "broadcast_to",
      [](nb::handle a, nb::handle shape) {
        return strong(broadcast_to(to_array(a), to_shape(shape)));
      },
      "array"_a, "shape"_a);
  m.def(
      "concatenate",
      [](nb::handle arrays, nb::handle axis) { return join(lanewise::concatenate, arrays, axis); },
      "arrays"_a, "axis"_a.none() = 0);
  m.def(
      "stack",
      [](nb::handle arrays, int axis) { return strong(lanewise::stack(to_arrays(arrays), axis)); },
      "arrays"_a, "axis"_a = 0);
  m.def(
      "astype", [](nb::handle x, nb::handle dtype) { return astype(to_array(x), to_dtype(dtype)); },
      "x"_a, "dtype"_a);
  for (const AlongAxisRow& row : kAlongAxis)
    m.def(
        row.name,
        [f = row.function](nb::handle x, nb::handle axis) {
          return strong(f(to_array(x), axis_or(axis, -1)));
        },
        "x"_a, "axis"_a = -1);
}

}  // namespace

void bind_operations(nb::module_& m) {
  auto cls = nb::borrow<nb::class_<Array>>(m.attr("Array"));
  bind_elementwise(m, cls);
  bind_reductions(m);
  bind_reductions(cls);
  bind_selections(m);
  bind_products_and_shape(m);
  bind_products_and_shape(cls);
  bind_shape_functions(m);
  cls.def("clip", &clip_to, "min"_a = nb::none(), "max"_a = nb::none());
}

}  // namespace lanewise::python
