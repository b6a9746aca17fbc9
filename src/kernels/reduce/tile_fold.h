// Reductions over the samples of a tile, going on from the tile before: the inside of
// a block of monoid.h, in pieces. Sample i of a block falls on lane i mod 16.
#pragma once

#include "kernels/kernels.h"
#include "kernels/reduce/monoid.h"

namespace lanewise::kernels::fast {

// A reduction of `width` columns: what a block has taken in so far lies in its lanes, what whole
// blocks came to in a state.
struct TileFold {
  int64_t (*lanes_bytes)(int64_t width);
  int64_t (*state_bytes)(int64_t width);
  // The lanes at the beginning of a block.
  void (*begin)(int64_t width, std::byte* lanes);
  // Takes in x: (samples, width), the samples from number `first` on of all.
  void (*add)(const View& x, int64_t first, std::byte* lanes);
  // The state of the block; overwrites the lanes.
  void (*finish)(int64_t width, std::byte* lanes, std::byte* state);
  void (*merge)(int64_t width, std::byte* earlier, const std::byte* later);
  // out[0 … width-1] of the dtype of the reduction.
  void (*result)(int64_t width, const std::byte* state, std::byte* out);
};
// `dtype`: of x.
TileFold tile_fold(Reduce op, DType dtype);

}  // namespace lanewise::kernels::fast
