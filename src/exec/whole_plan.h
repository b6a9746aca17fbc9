// A plan on whole arrays, for runs that a sweep does not pay for: step by step, but that
// elementwise steps on arrays of one fixed shape (an optimiser's update) make one pass.
#pragma once

#include "exec/backend.h"

namespace lanewise::exec {

std::unique_ptr<const Executable> compile_whole(plan::PlanPtr plan);

}  // namespace lanewise::exec
