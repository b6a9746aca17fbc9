// The parts of the module _lanewise; each file adds its own.
#pragma once

#include <nanobind/nanobind.h>

namespace lanewise::python {

namespace nb = nanobind;

void bind_errors(nb::module_& m);
void bind_array(nb::module_& m);
void bind_creation(nb::module_& m);
void bind_operations(nb::module_& m);
void bind_random(nb::module_& m);
void bind_streams(nb::module_& m);
void bind_programs(nb::module_& m);
void bind_analysis(nb::module_& m);
void bind_shapes(nb::module_& m);

}  // namespace lanewise::python
