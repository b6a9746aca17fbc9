#include "convert.h"

#include <string>

#include "lanewise/error.h"
#include "lanewise/ops.h"

namespace lanewise::python {
namespace {

nb::object numpy(const char* name) { return nb::module_::import_("numpy").attr(name); }

struct Repair {
  const char* dtype;
  const char* phrase;
};
constexpr Repair kRepairs[] = {
    {"float16", "convert it first: x.astype(\"float32\")"},
    {"longdouble", "convert it first: x.astype(\"float64\")"},
    {"float128", "convert it first: x.astype(\"float64\")"},
    {"int16", "convert it first: x.astype(\"int32\")"},
    {"uint16", "convert it first: x.astype(\"int32\")"},
    {"uint32", "convert it first: x.astype(\"int64\")"},
    {"uint64", "convert it first, where values stay below 2**63: x.astype(\"int64\")"},
    {"complex64", "keep x.real and x.imag as two arrays"},
    {"complex128", "keep x.real and x.imag as two arrays"},
    {"object", "give numbers of one type: numpy.array(x, dtype=\"float64\")"},
};

std::string repair_of(const std::string& dtype) {
  for (const Repair& row : kRepairs)
    if (dtype == row.dtype) return row.phrase;
  return "convert it to numbers first";
}

[[noreturn]] void refuse_dtype(const std::string& name) {
  std::string known;
  for (int i = 0; i < kDTypeCount; ++i)
    known += (i > 0 ? ", " : "") + std::string(lanewise::name(static_cast<DType>(i)));
  throw DTypeError("dtype " + name + " is not supported (" + known + " are); " + repair_of(name));
}

bool is_number(nb::handle value) {
  return PyBool_Check(value.ptr()) || PyLong_CheckExact(value.ptr()) ||
         PyFloat_CheckExact(value.ptr());
}

Array weak_scalar(nb::handle value) {
  if (beyond_int64(value)) refuse_large("operand", value);
  if (PyBool_Check(value.ptr())) return Array(value.ptr() == Py_True);
  if (PyFloat_CheckExact(value.ptr())) return Array(PyFloat_AS_DOUBLE(value.ptr()));
  return Array(to_int(value));
}

bool is_sequence(nb::handle value) {
  return nb::isinstance<nb::tuple>(value) || nb::isinstance<nb::list>(value);
}

Dims to_dims(nb::handle values) {
  if (!PySequence_Check(values.ptr()) || is_integer_number(values)) return Dims{to_int(values)};
  Dims dims;
  for (nb::handle value : values) dims.push_back(to_int(value));
  return dims;
}

}  // namespace

bool is_array(nb::handle value) { return nb::isinstance<Array>(value); }

bool is_operand(nb::handle value) {
  return is_array(value) || PyLong_Check(value.ptr()) || PyFloat_Check(value.ptr()) ||
         is_sequence(value) || nb::hasattr(value, "__array__");
}

int beyond_int64(nb::handle value) {
  int overflow = 0;
  if (PyLong_CheckExact(value.ptr())) PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  return overflow;
}

Array large_as_float(nb::handle value) {
  const double nearest = PyLong_AsDouble(value.ptr());
  if (nearest == -1 && PyErr_Occurred()) throw nb::python_error();
  return Array(nearest);
}

void refuse_large(const char* operation, nb::handle value) {
  PyErr_Format(PyExc_OverflowError,
               "%s: the integer %S is out of bounds for int64; give a float, or float arrays: "
               "x.astype(\"float64\")",
               operation, value.ptr());
  throw nb::python_error();
}

Array to_array(nb::handle value) {
  if (is_array(value)) return nb::cast<Array&>(value);
  return is_number(value) ? weak_scalar(value) : copy_of(value);
}

std::vector<Array> to_arrays(nb::handle sequence) {
  std::vector<Array> arrays;
  for (nb::handle value : sequence) arrays.push_back(to_array(value));
  return arrays;
}

Array copy_of(nb::handle value, nb::handle dtype) {
  const std::optional<DType> wanted = to_optional_dtype(dtype);
  if (is_array(value)) {
    const Array& a = nb::cast<Array&>(value);  // immutable: no need for a copy
    return wanted ? a.astype(*wanted) : a;
  }
  const nb::object like = wanted ? numpy_dtype(*wanted) : nb::none();
  return borrow_numpy(numpy("array")(value, "dtype"_a = like, "copy"_a = true, "order"_a = "C"));
}

Array as_array(nb::handle value, nb::handle dtype) {
  if (is_array(value)) return copy_of(value, dtype);
  const Array borrowed = borrow_numpy(numpy("asarray")(value));
  const auto wanted = to_optional_dtype(dtype);
  return wanted ? borrowed.astype(*wanted) : borrowed;
}

nb::object numpy_dtype(DType dtype) {
  static PyObject* known[kDTypeCount] = {};  // kept until the interpreter ends
  PyObject*& entry = known[static_cast<int>(dtype)];
  if (entry == nullptr) {
    const std::string_view spelled = name(dtype);
    entry = numpy("dtype")(nb::str(spelled.data(), spelled.size())).release().ptr();
  }
  return nb::borrow(entry);
}

DType to_dtype(nb::handle dtype) {
  const nb::object found = numpy("dtype")(dtype);
  const auto name = nb::cast<std::string>(nb::str(found.attr("name")));
  if (!nb::cast<bool>(found.attr("isnative")))
    throw DTypeError("dtype " + name +
                     " in foreign byte order is not supported; convert it "
                     "first: x.astype(x.dtype.newbyteorder(\"=\"))");
  for (int i = 0; i < kDTypeCount; ++i)
    if (name == lanewise::name(static_cast<DType>(i))) return static_cast<DType>(i);
  refuse_dtype(name);
}

std::optional<DType> to_optional_dtype(nb::handle dtype) {
  if (dtype.is_none()) return std::nullopt;
  return to_dtype(dtype);
}

int64_t to_int(nb::handle value) {
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));
  if (!index.is_valid()) throw nb::python_error();
  const long long converted = PyLong_AsLongLong(index.ptr());
  if (converted == -1 && PyErr_Occurred()) throw nb::python_error();
  return converted;
}

bool is_integer_number(nb::handle value) {
  if (PyBool_Check(value.ptr()) || !PyIndex_Check(value.ptr())) return false;
  if (is_array(value)) return nb::cast<Array&>(value).rank() == 0;
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));
  if (!index.is_valid()) PyErr_Clear();
  return index.is_valid();
}

Shape to_shape(nb::handle shape) { return to_dims(shape); }

Axes to_axes(nb::handle axis) { return axis.is_none() ? Axes() : Axes(to_dims(axis)); }

std::optional<int> to_axis(nb::handle axis) {
  if (axis.is_none()) return std::nullopt;
  const int64_t value = to_int(axis);
  if (value < -kMaxRank || value >= kMaxRank)
    throw IndexError("axis " + std::to_string(value) + " is out of range: arrays have at most " +
                     std::to_string(kMaxRank) + " axes");
  return static_cast<int>(value);
}

nb::tuple tuple_of(const Dims& dims) {
  nb::list values;
  for (int64_t value : dims) values.append(value);
  return nb::tuple(values);
}

}  // namespace lanewise::python
