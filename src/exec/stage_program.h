// What one stage of a sweep does with a tile, decided once a plan: a list of
// instructions, and where in a thread's memory their values lie.
//
// A value of a tile lies with its samples outermost, whatever the layout of the
// program: so the features of a sample are side by side, products have them along
// their vectors, and an elementwise step passes over memory in order. A stage without
// products, that folds or computes but not both, leaves its values as the program has them.
// What a stage reads lies where it does, but features that a step wants side by side are
// copied (External).
#pragma once

#include <span>
#include <vector>

#include "exec/backend.h"
#include "exec/chain.h"
#include "exec/fold.h"
#include "plan/sweep.h"

namespace lanewise::exec {

struct Instruction {
  enum class Kind : uint8_t {
    view,     // another window on an operand
    compute,  // the step's kernel, on the views of a tile
    product,  // of the tile and a matrix that all tiles share, packed
    fold,
  };
  int step = 0;
  Kind kind = Kind::compute;
  int axis = 0;                   // along the samples: of the result; fold: of its operand
  bool kept = false;              // stored for all samples
  bool read = false;              // by a later instruction of the stage
  bool samples_on_right = false;  // product: they are the columns of its second operand
  bool reads_memory = false;      // product: of a value that the stage does not compute
  bool constant = false;          // product: of matrix and bias that are the same in every run
  bool bfloat16 = false;          // product: its panels are those of bfloat16_product.h
  int product = -1;               // the step that multiplies: this one, or one that this rides on
  int factors = -1;               // compute: sums the elements of a product, which this step makes
  int bias = -1;                  // the step that makes the bias of a product
  int least = -1;                 // the number that its elements are at least
  int slot = -1;                  // its buffer; -1: none
  View tile;                      // its value there, but for the place and the number of samples
  int64_t buffer = 0;             // offsets in the memory of a thread
  int64_t spare = 0;              // for a copy, where strides ask for one
  int64_t panels = 0;             // offsets among the packed matrices
  int64_t packed_bias = 0;
  FoldShape fold;
  bool fetches = false;  // fold: the first that reads its operand
  // Offsets in the memory of a thread.
  int64_t accumulator = 0, state = 0, levels = 0, counter = 0;
  int64_t partial = 0;  // offset in the result of a chunk
  int64_t lanes = 0;    // goes_on(): offset in what a stream keeps from chunk to chunk

  // A fold whose blocks a counter merges, and one that goes on from block to block.
  bool counts() const { return kind == Kind::fold && fold.kernels.needs_blocks; }
  bool goes_on() const { return kind == Kind::fold && !fold.kernels.needs_blocks; }
};

// A value that the stage reads and does not compute.
struct External {
  int step;
  int axis;         // along the samples; kNoAxis: the same for every tile
  int64_t row = 1;  // elements of a sample
  View tile;        // as that of an Instruction
  // Whether a copy may have the features of a sample side by side, and somebody wants them so.
  bool may_be_copied = false, in_rows = false;
  int64_t buffer = 0;  // for that copy
};

struct StageProgram {
  // Blocks of a chunk at most: so a thread has memory for all levels of its counters.
  static constexpr int64_t kMaxChunkBlocks = 2048;

  int64_t number = 0;  // that no other program has
  std::vector<Instruction> instructions;
  std::vector<Chain> chains;    // in the order of their instructions
  std::vector<int> moving;      // instructions whose value lies elsewhere in the next tile
  std::vector<int> reductions;  // the folds that are no products
  std::vector<External> externals;
  int64_t tile = 0;               // samples
  bool samples_outermost = true;  // of the values of a tile; else they are row-major
  // Bytes: of a thread, of the packed matrices, of the results of a chunk, of the lanes of folds
  // that go on.
  int64_t thread_bytes = 0, panels_bytes = 0, chunk_bytes = 0, lanes_bytes = 0;
  // Whether every run has matrices to pack.
  bool packs() const;
  bool folds() const { return chunk_bytes > 0; }
  double flops = 0;           // of a sample
  int64_t read_bytes = 0;     // of a sample, from memory
  int64_t written_bytes = 0;  // of a sample, to memory
};

// Of stage `number`, or of a part of it.
StageProgram make_stage_program(const plan::Plan& plan, const plan::Sweep& sweep,
                                const plan::Stage& stage, int number,
                                plan::Batch batch = plan::Batch::any);

// What a run took, see Workspace.
struct Measured {
  int64_t samples = 0;
  std::span<const double> seconds;  // empty: nothing was measured
  std::span<const StageMemory> stages;
};

// How a plan is swept, stage by stage.
void add_stages(const plan::Sweep& sweep, std::span<const StageProgram> programs,
                const Measured& measured, PlanReport& report);

}  // namespace lanewise::exec
