// The class Array: conversions, attributes and the protocols of Python.
// Operators and methods that are operations come from operations.cc.
#include <string>

#include "convert.h"
#include "graph/node.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "module.h"

namespace lanewise::python {
namespace {

constexpr const char* kDoc =
    "A lazy n-dimensional array with NumPy's semantics.\n\n"
    "Operations check shapes and dtypes at once and compute when values are read: by\n"
    "lanewise.eval, printing, item(), tolist(), numpy.asarray. An array never changes;\n"
    "a[i] = v gives this name new values, which views made before don't see.";

nb::object numpy_item(const Array& a) {
  if (a.size() != 1)
    throw ValueError("item: an array of shape " + to_string(a.shape()) +
                     " has no single value; index it first");
  return to_numpy(a).attr("item")();
}

bool truth(const Array& a) {
  if (a.size() != 1)
    throw ValueError("the truth value of an array of shape " + to_string(a.shape()) +
                     " is ambiguous; use all() or any()");
  return PyObject_IsTrue(numpy_item(a).ptr()) == 1;
}

// Where values can't be read (in a function that is being compiled), what is known.
std::string text_of(const Array& a) {
  if (a.node()->traced)
    return "<traced array of shape " + to_string(a.shape()) + ", " + std::string(name(a.dtype())) +
           ">";
  return without_gil([handle = a] { return lanewise::to_string(handle); });
}

std::string repr(const Array& a) {
  const std::string text = text_of(a);
  if (a.node()->traced) return text;
  std::string out = "Array(";
  for (char c : text) {
    out += c;
    if (c == '\n') out += "      ";
  }
  return out + ", dtype=" + std::string(name(a.dtype())) + ")";
}

nb::object format(const Array& a, nb::handle spec) {
  if (a.size() != 1 || nb::len(spec) == 0) return nb::str(text_of(a).c_str());
  return nb::module_::import_("builtins").attr("format")(numpy_item(a), spec);
}

int64_t length(const Array& a) {
  if (a.rank() == 0) throw nb::type_error("an array of rank 0 has no length");
  return a.shape(0);
}

nb::object iterate(const Array& a) {
  nb::list rows;
  const int64_t count = length(a);
  for (int64_t i = 0; i < count; ++i) rows.append(a[i]);
  return rows.attr("__iter__")();
}

nb::object index(const Array& a) {
  if (a.rank() != 0 || !is_integer(a.dtype()))
    throw nb::type_error("only an integer array of rank 0 is an index");
  return numpy_item(a);
}

// The protocol of numpy.asarray and numpy.array.
nb::object as_numpy(const Array& a, nb::handle dtype, nb::handle copy) {
  nb::object values = to_numpy(a);
  if (!dtype.is_none()) {
    if (copy.is(Py_False) && !values.attr("dtype").equal(dtype))
      throw ValueError("numpy.asarray: another dtype needs a copy");
    values = values.attr("astype")(dtype, "copy"_a = false);
  }
  return copy.is(Py_True) ? nb::object(values.attr("copy")()) : values;
}

nb::object reduce(const Array& a) {
  const nb::object array = nb::module_::import_("lanewise").attr("array");
  return nb::make_tuple(array, nb::make_tuple(to_numpy(a).attr("copy")()));
}

// reshape(2, 3) and reshape((2, 3)), transpose(1, 0) and transpose((1, 0)).
nb::object one_or_all(nb::args values) {
  return nb::len(values) == 1 ? nb::object(values[0]) : nb::object(values);
}

Array transpose_method(const Array& a, nb::args axes) {
  if (nb::len(axes) == 0 || axes[0].is_none()) return a.T();
  return transpose(a, to_shape(one_or_all(axes)));
}

}  // namespace

void bind_array(nb::module_& m) {
  nb::class_<Array> cls(m, "Array", kDoc);
  // Above numpy.ndarray's 0: `ndarray + Array` comes to Array.__radd__.
  cls.attr("__array_priority__") = 100.0;
  cls.def_prop_ro("shape", [](const Array& a) { return tuple_of(a.shape()); })
      .def_prop_ro("ndim", &Array::rank)
      .def_prop_ro("size", &Array::size)
      .def_prop_ro("dtype", [](const Array& a) { return numpy_dtype(a.dtype()); })
      .def_prop_ro("T", &Array::T, "All axes reversed.")
      .def_prop_ro("is_evaluated", &Array::is_evaluated)
      .def(
          "eval",
          [](nb::object self) {
            evaluated(nb::cast<Array&>(self));
            return self;
          },
          "Computes the values now; returns the array itself.")
      .def("item", &numpy_item, "The only element, as a number of Python.")
      .def("tolist", [](const Array& a) { return to_numpy(a).attr("tolist")(); })
      .def("__array__", &as_numpy, "dtype"_a = nb::none(), "copy"_a = nb::none())
      .def("__reduce__", &reduce)
      .def("__getitem__", &get_item)
      .def("__setitem__", &set_item)
      .def("__len__", &length)
      .def("__iter__", &iterate)
      .def("__bool__", &truth)
      .def("__float__", [](const Array& a) { return nb::float_(numpy_item(a)); })
      .def("__int__", [](const Array& a) { return nb::int_(numpy_item(a)); })
      .def("__index__", &index)
      .def("__repr__", &repr)
      .def("__str__", &text_of)
      .def("__format__", &format)
      .def("reshape",
           [](const Array& a, nb::args shape) { return a.reshape(to_shape(one_or_all(shape))); })
      .def("transpose", &transpose_method)
      .def(
          "astype", [](const Array& a, nb::handle dtype) { return a.astype(to_dtype(dtype)); },
          "dtype"_a);
}

}  // namespace lanewise::python
