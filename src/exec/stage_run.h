// Runs one stage of a sweep: chunks of blocks on all threads, tile after tile.
#pragma once

#include <span>

#include "exec/run.h"
#include "exec/stage_program.h"

namespace lanewise::exec {

// A stage as one program, or as those of its parts, each on a thread; `memory`: of each. The whole
// steps before it have run. Allocates what the stage keeps and folds.
void run_stage(std::span<const StageProgram> programs, Run& run, int64_t samples,
               std::span<StageMemory> memory);

}  // namespace lanewise::exec
