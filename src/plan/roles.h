// Who does what in a sweep: a step's role follows from how it treats the samples, its
// stage from what it reads.
#pragma once

#include "plan/sweep.h"

namespace lanewise::plan {

// Fewer samples are not worth cutting.
inline constexpr int64_t kLeastSamples = 2048;

// Fills axis, role, stage, samples and worthwhile.
void find_roles(const Plan& plan, Batch batch, Sweep& sweep);

}  // namespace lanewise::plan
