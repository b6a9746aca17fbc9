// In which order a stage runs its steps on a tile.
#pragma once

#include "plan/sweep.h"

namespace lanewise::plan {

// Moves steps so that elementwise ones stand beside those that read them, where chains find them,
// and that values take memory for a shorter time. Operands stay before users.
void schedule(const Plan& plan, const Sweep& sweep, Stage& stage);

}  // namespace lanewise::plan
