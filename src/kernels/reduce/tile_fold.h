// Reductions over the samples of a tile, going on from the tile before: the inside of
// a block of monoid.h, in pieces. Sample i of a block falls on lane i mod 16.
#pragma once

#include "kernels/kernels.h"
#include "kernels/reduce/monoid.h"

namespace lanewise::kernels::fast {

struct FoldSize {
  int64_t width = 0;  // columns
  int64_t k = 1;      // results of a column
  // The results lie as (width / inner, k, inner).
  int64_t inner = 1;
};

// A reduction of columns: what a block has taken in so far lies in its lanes, what whole blocks
// came to in a state.
struct TileFold {
  int64_t (*lanes_bytes)(FoldSize size);
  int64_t (*state_bytes)(FoldSize size);
  // The lanes at the beginning of a block.
  void (*begin)(FoldSize size, std::byte* lanes);
  // Takes in x: (samples, width), the samples from number `first` on of all. next_tile: bytes from
  // each element to that of the samples which follow, where x comes from memory: then what is read
  // next is fetched meanwhile. Else 0.
  void (*add)(const View& x, int64_t first, std::byte* lanes, int64_t next_tile);
  // The state of the block; overwrites the lanes.
  void (*finish)(FoldSize size, std::byte* lanes, std::byte* state);
  void (*merge)(FoldSize size, std::byte* earlier, const std::byte* later);
  // out[0 … width · k - 1] of the dtype of the reduction.
  void (*result)(FoldSize size, const std::byte* state, std::byte* out);
  // Whether blocks of another length would give other bits. Where not, a state of zeros is that of
  // no samples.
  bool needs_blocks;
  // Whether samples that lie together in each column of x are taken in as fast as in rows.
  bool takes_columns;
};
// `dtype`: of x.
TileFold tile_fold(Reduce op, DType dtype);

}  // namespace lanewise::kernels::fast
