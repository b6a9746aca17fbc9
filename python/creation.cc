// Arrays from values, from memory, and from nothing. Dtypes default as in NumPy.
#include "convert.h"
#include "lanewise/ops.h"
#include "module.h"

namespace lanewise::python {
namespace {

using Fill = Array (*)(const Shape&, DType);
struct FillRow {
  const char* name;
  Fill function;
};
constexpr FillRow kFills[] = {{"zeros", lanewise::zeros}, {"ones", lanewise::ones}};

DType dtype_or(nb::handle dtype, DType otherwise) {
  return to_optional_dtype(dtype).value_or(otherwise);
}

// The value goes through NumPy: an int64 keeps all its bits.
Array full_of(nb::handle shape, nb::handle value, nb::handle dtype) {
  return broadcast_to(copy_of(value, dtype), to_shape(shape));
}

bool fits_double(nb::handle integer) {
  constexpr int64_t kExact = int64_t{1} << 53;
  const int64_t value = to_int(integer);
  return value >= -kExact && value <= kExact;
}

// Integers that a double doesn't hold, counted from 0 and moved.
Array moved_ramp(nb::handle start, nb::handle stop, nb::handle step) {
  const nb::object range = nb::module_::import_("builtins").attr("range")(start, stop, step);
  return arange(0, static_cast<double>(nb::len(range))) * to_int(step) + to_int(start);
}

// arange(stop), arange(start, stop), arange(start, stop, step).
Array arange_of(nb::handle start, nb::handle stop, nb::handle step, nb::handle dtype) {
  const bool one = stop.is_none();
  const nb::object from = one ? nb::object(nb::int_(0)) : nb::borrow(start);
  const nb::handle to = one ? start : stop;
  bool floats = false;
  for (nb::handle value : {nb::handle(from), to, step})
    floats = floats || !PyIndex_Check(value.ptr());
  const DType type = dtype_or(dtype, floats ? DType::float64 : DType::int64);
  if (!floats && is_integer(type) && !(fits_double(from) && fits_double(to)))
    return astype(moved_ramp(from, to, step), type);
  return arange(nb::cast<double>(nb::float_(from)), nb::cast<double>(nb::float_(to)),
                nb::cast<double>(nb::float_(step)), type);
}

void bind_filled(nb::module_& m) {
  for (const FillRow& row : kFills) {
    const Fill f = row.function;
    m.def(
        row.name,
        [f](nb::handle shape, nb::handle dtype) {
          return f(to_shape(shape), dtype_or(dtype, DType::float64));
        },
        "shape"_a, "dtype"_a = nb::none());
    const std::string like = std::string(row.name) + "_like";
    m.def(
        like.c_str(),
        [f](nb::handle a, nb::handle dtype) {
          const Array model = to_array(a);
          return f(model.shape(), dtype_or(dtype, model.dtype()));
        },
        "a"_a, "dtype"_a = nb::none());
  }
  m.def("full", &full_of, "shape"_a, "fill_value"_a, "dtype"_a = nb::none());
}

}  // namespace

void bind_creation(nb::module_& m) {
  m.def("array", &copy_of, "object"_a, "dtype"_a = nb::none(),
        "An array of the values of `object`, copied. As numpy.array.");
  m.def("asarray", &as_array, "a"_a, "dtype"_a = nb::none(),
        "An array that shares the memory of a numpy.ndarray. Its values are read at\n"
        "evaluation, so they must not change before that.");
  m.def(
      "to_numpy", [](nb::handle a) { return to_numpy(to_array(a)); }, "a"_a,
      "The values as a read-only numpy.ndarray, without a copy. Evaluates.");
  bind_filled(m);
  m.def(
      "eye", [](int64_t n, nb::handle dtype) { return eye(n, dtype_or(dtype, DType::float64)); },
      "N"_a, "dtype"_a = nb::none());
  m.def("arange", &arange_of, "start"_a, "stop"_a = nb::none(), "step"_a = 1,
        "dtype"_a = nb::none());
  m.def(
      "linspace",
      [](double start, double stop, int64_t count, nb::handle dtype) {
        return linspace(start, stop, count, dtype_or(dtype, DType::float64));
      },
      "start"_a, "stop"_a, "num"_a = 50, "dtype"_a = nb::none());
}

}  // namespace lanewise::python
