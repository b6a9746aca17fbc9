// The module lanewise._lanewise. It is thin: conversions, names and documentation;
// what an operation does stands in the C++ interface.
#include "module.h"

#include "base/build_info.h"

NB_MODULE(_lanewise, m) {
  using namespace lanewise::python;
  // Plans and closures of compiled functions may outlive the interpreter's last collection.
  nb::set_leak_warnings(false);
  m.attr("__version__") = nb::str(lanewise::kVersion.data(), lanewise::kVersion.size());
  bind_errors(m);
  bind_array(m);
  bind_creation(m);
  bind_operations(m);
  bind_random(m);
  bind_streams(m);
  bind_programs(m);
  bind_analysis(m);
  bind_shapes(m);
}
