#include <fmt/format.h>

#include "exec/backend.h"
#include "exec/fused.h"
#include "exec/interpreter.h"
#include "lanewise/error.h"

namespace lanewise::exec {

std::span<const Backend* const> backends() {
  static const Interpreter vectorized("vectorized", kernels::fast_family());
  static const Interpreter loop("loop", kernels::reference_family());
  static const Fused fused;
  static const Backend* const all[] = {&fused, &vectorized, &loop};
  return all;
}

const Backend& backend(std::string_view name) {
  std::string known;
  for (const Backend* b : backends()) {
    if (b->name() == name) return *b;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", b->name());
  }
  throw ValueError(fmt::format("no executor is called '{}'; there are: {}", name, known));
}

}  // namespace lanewise::exec
