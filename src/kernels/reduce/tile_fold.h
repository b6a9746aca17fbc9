// Reductions over the samples of a tile, going on from the tile before: the inside of
// a block of monoid.h, in pieces. Sample i of a block falls on lane i mod 16.
#pragma once

#include "kernels/kernels.h"
#include "kernels/reduce/monoid.h"

namespace lanewise::kernels::fast {

// Reduce::sum, prod, max, min.  lanes: kLanes rows of `width` elements of the dtype.
struct TileFold {
  // Every lane becomes the value that changes nothing.
  void (*begin)(int64_t width, std::byte* lanes);
  // lanes[(first + i) mod 16, j] takes in x[i, j] for the rows i < x.shape[0];
  // x: (samples, width).
  void (*add)(const View& x, int64_t first, std::byte* lanes);
  // The lanes folded in halves, into out[0 … width-1].
  void (*finish)(int64_t width, std::byte* lanes, std::byte* out);
  // earlier[j] = f(earlier[j], later[j]) for j < width.
  void (*merge)(int64_t width, std::byte* earlier, const std::byte* later);
};
TileFold tile_fold(Reduce op, DType dtype);

}  // namespace lanewise::kernels::fast
