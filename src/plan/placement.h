// Where the values of a sweep lie: buffers of a tile, slots of the whole run.
#pragma once

#include "plan/sweep.h"

namespace lanewise::plan {

// Fills the buffers of a stage of the sweep, or of a part of one.
void assign_buffers(const Plan& plan, const Sweep& sweep, Stage& stage);

// Fills place and slot_count, for what is whole, folded or kept.
void assign_places(const Plan& plan, Sweep& sweep);

}  // namespace lanewise::plan
