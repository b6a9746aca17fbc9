// The parts of a stage: what it folds and keeps, in groups that share no product, as
// networks that read one batch. One block of samples is one thread's work, so parts are what
// threads can share of it. A part holds all steps that it needs; cheap ones may stand in several.
#pragma once

#include "plan/sweep.h"

namespace lanewise::plan {

// Of stage `number`, their buffers assigned; none where it is all one part.
std::vector<Stage> parts_of(const Plan& plan, const Sweep& sweep, int number);

}  // namespace lanewise::plan
