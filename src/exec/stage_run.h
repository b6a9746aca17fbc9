// Runs one stage of a sweep: chunks of blocks on all threads, tile after tile.
#pragma once

#include "exec/run.h"
#include "exec/stage_program.h"

namespace lanewise::exec {

struct StageMemory {
  Tensor& panels;         // packed matrices
  Tensor& chunks;         // results of chunks
  bool constants_packed;  // those of `panels` that are the same in every run
};

// The whole steps before the stage have run. Allocates what the stage keeps and folds.
void run_stage(const StageProgram& program, Run& run, int64_t samples, StageMemory memory);

}  // namespace lanewise::exec
