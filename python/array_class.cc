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
std::string traced_text(const Array& a) {
  return "<traced array of shape " + to_string(a.shape()) + ", " + std::string(name(a.dtype())) +
         ">";
}

// NumPy prints: numpy.set_printoptions holds for Arrays too.
std::string text_of(const Array& a) {
  if (a.node()->traced) return traced_text(a);
  return nb::cast<std::string>(nb::str(to_numpy(a)));
}

std::string repr(const Array& a) {
  if (a.node()->traced) return traced_text(a);
  const nb::object array2string = nb::module_::import_("numpy").attr("array2string");
  const auto values =
      nb::cast<std::string>(array2string(to_numpy(a), "separator"_a = ", ", "prefix"_a = "Array("));
  return "Array(" + values + ", dtype=" + std::string(name(a.dtype())) + ")";
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

// For pickle and copy.deepcopy.
nb::object reduce(const Array& a) {
  return nb::make_tuple(nb::type<Array>(), nb::make_tuple(to_numpy(a)));
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
  cls.attr("__hash__") = nb::none();  // == compares elements
  cls.def(
      "__init__",
      [](Array* self, nb::handle object, nb::handle dtype) {
        new (self) Array(copy_of(object, dtype));
      },
      "object"_a, "dtype"_a = nb::none());
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
      .def("__getitem__", &get_item, "key"_a.none())
      .def("__setitem__", &set_item, "key"_a.none(), "value"_a)
      .def("__len__", &length)
      .def("__iter__", &iterate)
      .def("__contains__",
           [](const Array& a, nb::handle value) { return truth(any(equal(a, to_array(value)))); })
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
