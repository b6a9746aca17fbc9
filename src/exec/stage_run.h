// Runs one stage of a sweep: chunks of blocks on all threads, tile after tile.
#pragma once

#include "exec/run.h"
#include "exec/stage_program.h"

namespace lanewise::exec {

// The whole steps before the stage have run. Allocates what the stage keeps and folds.
void run_stage(const StageProgram& program, Run& run, int64_t samples, Tensor& memory);

}  // namespace lanewise::exec
