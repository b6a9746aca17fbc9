// Exceptions, a class a row of error_kinds(). The fields of an error of C++ are attributes.
#include <exception>
#include <string>
#include <vector>

#include "convert.h"
#include "lanewise/error.h"
#include "module.h"

namespace lanewise::python {
namespace {

constexpr const char* kDoc =
    "The attributes say in numbers what the text says in words: operation, shapes, axis, left, "
    "right, repair of a ShapeError; path of an IoError; path, line, offset of a DataError.";

// In the order of ErrorKind; they live as long as the interpreter.
std::vector<PyObject*> classes;

void add_details(nb::object& exception, const Error& error) {
  if (const auto* shape = dynamic_cast<const ShapeError*>(&error)) {
    const ShapeError::Details& details = shape->details();
    nb::list shapes;
    for (const Shape& s : details.shapes) shapes.append(tuple_of(s));
    exception.attr("operation") = details.operation;
    exception.attr("shapes") = shapes;
    exception.attr("axis") = details.axis < 0 ? nb::none() : nb::object(nb::int_(details.axis));
    exception.attr("left") = details.left;
    exception.attr("right") = details.right;
    exception.attr("repair") = details.repair;
  } else if (const auto* io = dynamic_cast<const IoError*>(&error)) {
    exception.attr("path") = io->path();
  } else if (const auto* data = dynamic_cast<const DataError*>(&error)) {
    exception.attr("path") = data->path();
    exception.attr("line") = data->line();
    exception.attr("offset") = data->offset();
  }
}

void raise(const Error& error) {
  PyObject* type = classes[static_cast<std::size_t>(error.kind())];
  try {
    nb::object exception = nb::handle(type)(error.what());
    add_details(exception, error);
    PyErr_SetObject(type, exception.ptr());
  } catch (nb::python_error& problem) {
    problem.restore();
  }
}

nb::object new_class(const std::string& name, const char* doc, nb::handle bases) {
  const std::string full = "lanewise." + name;
  PyObject* made = PyErr_NewExceptionWithDoc(full.c_str(), doc, bases.ptr(), nullptr);
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

}  // namespace

void bind_errors(nb::module_& m) {
  const nb::object base =
      new_class("Error", "The base of all errors of Lanewise.", nb::handle(PyExc_Exception));
  m.attr("Error") = base;
  const nb::module_ builtins = nb::module_::import_("builtins");
  for (const ErrorMapping& row : error_kinds()) {
    const std::string name(row.name), parent(row.python_exception);
    const nb::object made =
        new_class(name, kDoc, nb::make_tuple(base, builtins.attr(parent.c_str())));
    m.attr(name.c_str()) = made;
    classes.push_back(made.inc_ref().ptr());
  }
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      raise(error);
    }
  });
}

}  // namespace lanewise::python
