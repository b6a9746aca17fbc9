// Shapes explained.
#include "lanewise/shape.h"

#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "convert.h"
#include "module.h"

namespace lanewise::python {
namespace {

// A tuple, an integer, or an array, whose own shape is meant.
Shape shape_of(nb::handle value) {
  const bool array = is_array(value) || (nb::hasattr(value, "shape") && !is_integer_number(value));
  return to_shape(array ? nb::object(value.attr("shape")) : nb::borrow(value));
}

std::vector<Shape> shapes_of(nb::args values) {
  std::vector<Shape> shapes;
  for (nb::handle value : values) shapes.push_back(shape_of(value));
  return shapes;
}

nb::object tuple_if(bool known, const Shape& shape) {
  return known ? nb::object(tuple_of(shape)) : nb::none();
}

void bind_classes(nb::module_& m) {
  nb::class_<ShapeWarning>(m, "ShapeWarning")
      .def_ro("name", &ShapeWarning::name)
      .def_ro("text", &ShapeWarning::text)
      .def("__repr__", [](const ShapeWarning& w) { return w.name + ": " + w.text; });
  using Broadcast = BroadcastExplanation;
  nb::class_<Broadcast>(m, "BroadcastExplanation")
      .def_ro("ok", &Broadcast::ok)
      .def_prop_ro("shape", [](const Broadcast& b) { return tuple_if(b.ok, b.shape); })
      .def_prop_ro("axis",
                   [](const Broadcast& b) -> nb::object {
                     return b.ok ? nb::none() : nb::object(nb::int_(b.failing_axis));
                   })
      .def_ro("left", &Broadcast::left)
      .def_ro("right", &Broadcast::right)
      .def_ro("error", &Broadcast::error)
      .def_ro("repair", &Broadcast::repair)
      .def_ro("warnings", &Broadcast::warnings)
      .def_ro("text", &Broadcast::text)
      .def("__repr__", [](const Broadcast& b) { return b.text; });
  nb::class_<ShapeExpression>(m, "ShapeExpression")
      .def_ro("ok", &ShapeExpression::ok)
      .def_prop_ro("shape", [](const ShapeExpression& e) { return tuple_if(e.ok, e.shape); })
      .def_ro("error", &ShapeExpression::error)
      .def_ro("warnings", &ShapeExpression::warnings)
      .def_ro("text", &ShapeExpression::text)
      .def("__repr__", [](const ShapeExpression& e) { return e.text; });
}

}  // namespace

void bind_shapes(nb::module_& m) {
  bind_classes(m);
  m.def(
      "broadcast_shapes",
      [](nb::args shapes) { return tuple_of(broadcast_shapes(shapes_of(shapes))); },
      "As numpy.broadcast_shapes; arrays stand for their shapes.");
  m.def(
      "explain_broadcast",
      [](nb::args shapes, const std::string& operation) {
        return explain_broadcast(shapes_of(shapes), operation);
      },
      "shapes"_a, nb::kw_only(), "operation"_a = "broadcast",
      "How shapes broadcast, or why not: the aligned axes, the repair, likely mistakes.");
  m.def(
      "explain_expression",
      [](const std::string& expression) { return explain_expression(expression); }, "expression"_a,
      "The shapes of an expression such as \"(64,100) @ (100,1000) + (64,1)\".");
}

}  // namespace lanewise::python
