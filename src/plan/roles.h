// Who does what in a sweep: a step's role follows from how it treats the samples, its
// stage from what it reads.
#pragma once

#include "plan/sweep.h"

namespace lanewise::plan {

// Fewer samples are not worth cutting.
inline constexpr int64_t kLeastSamples = 2048;

// Reductions that go on from tile to tile; the others need the order of all samples.
inline bool is_fold(graph::Op op) {
  using graph::Op;
  return op == Op::sum || op == Op::prod || op == Op::max || op == Op::min;
}

// Fills axis, role, stage, samples and worthwhile.
void find_roles(const Plan& plan, Sweep& sweep);

}  // namespace lanewise::plan
