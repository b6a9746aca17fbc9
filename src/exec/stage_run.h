// Runs one stage of a sweep: chunks of blocks on all threads, tile after tile.
#pragma once

#include <span>
#include <vector>

#include "exec/run.h"
#include "exec/stage_program.h"

namespace lanewise::exec {

// A stage as one program, or as those of its parts, each on a thread; `memory`: of each. The whole
// steps before it have run. Allocates what the stage keeps and folds.
void run_stage(std::span<const StageProgram> programs, Run& run, int64_t samples,
               std::span<StageMemory> memory);

// A stage whose samples come in chunks, one call each, in order.
class StreamedStage {
 public:
  // The whole steps before it have run. Of `samples`, `chunk` come at once: a power of two of
  // blocks. Allocates what the stage folds.
  StreamedStage(const StageProgram& program, Run& run, int64_t samples, int64_t chunk,
                StageMemory& memory);
  // `count` samples from number `first` on, fewer than a chunk only at the end. The views of the
  // run along the samples lie on them.
  void run_chunk(int64_t first, int64_t count);
  void finish();

 private:
  void finish_lanes(const Instruction& in, std::byte* state);

  const StageProgram& program_;
  Run& run_;
  const int64_t samples_, chunk_, piece_;
  StageMemory& memory_;
  Tensor pieces_, levels_;
  // For each piece of a chunk: so folds that need no blocks have seen much in each.
  Tensor lanes_;
  std::vector<StateCounter> counters_;  // of the folds, in the order of their instructions
};

}  // namespace lanewise::exec
