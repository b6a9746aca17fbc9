// The sweep: how a program runs in few passes over its samples.
//
// The samples are cut into blocks of kBlock and those into tiles that fit in L2. A
// stage is one pass: for each tile it runs every step that belongs to it before it
// touches the next tile. What a stage reduces over the samples is whole when it
// ends, so what needs such a result belongs to a later stage:
//
//   level 0:  whole steps;  stage 0, tile by tile;  level 1:  whole steps;  stage 1 …
//
// A step that a tile does not suffice for (its samples are cut or permuted, or occur
// twice) runs on whole arrays; what it reads of a stage is kept for it.
#pragma once

#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace lanewise::plan {

enum class Role : uint8_t {
  leaf,    // an input or a constant
  whole,   // runs once, on whole arrays
  swept,   // runs tile by tile; its value lies along the samples
  folded,  // reduces swept values over the samples, block by block
};

struct Stage {
  std::vector<int> whole;  // steps that run before it, operands before users
  // Steps of a tile, operands before users: those of this stage, and again those of
  // earlier ones whose values are cheaper to compute than to keep.
  std::vector<int> steps;
  std::vector<int> buffers;           // of each of them, in the tile's memory; -1: none of its own
  std::vector<int64_t> buffer_bytes;  // of a sample
};

struct Sweep {
  std::vector<Role> role;  // of each step, as what follows
  std::vector<int> axis;   // that runs along the samples; kNoAxis, kSeveralAxes
  std::vector<int> stage;  // swept, folded: in which stage; whole: before which
  // Of a whole step that reads or makes values of all samples: why a tile is not enough.
  std::vector<std::string_view> why_whole;
  std::vector<bool> kept;  // swept: its value is stored for all samples, or leaves in chunks
  std::vector<int> place;  // of whole, kept and folded values: their slot or output
  int slot_count = 0;
  std::vector<Stage> stages;
  Extent samples;           // how many there are
  bool worthwhile = false;  // a pass saves passes: two steps or more that compute
};

// What is stored for all samples: results, and values of a stage that a later one needs, where
// that pays; or nothing at all, where the samples come in chunks and results leave with them.
enum class Keeping : uint8_t { what_pays, nothing };

// The samples of the runs that are planned for. One sample meets each matrix but once, so also
// large ones that are constants.
enum class Batch : uint8_t { any, one };

Sweep make_sweep(const Plan& plan, Keeping keeping = Keeping::what_pays, Batch batch = Batch::any);

// Sums, products and extrema over the samples and other axes become two: over the others, which
// a tile suffices for, then over the samples.
void split_reductions(Plan& plan);

}  // namespace lanewise::plan
