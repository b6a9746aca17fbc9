#include "kernels/reduce/tile_fold.h"

#include <gtest/gtest.h>

#include "kernels/reduce/reduce.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

// A block in tiles, against the reduction of the whole block.
TEST(TileFold, GivesTheBitsOfReduceForAnyTile) {
  uint32_t seed = 1;
  for (DType d : kDTypes) {
    for (Reduce op : {Reduce::sum, Reduce::prod, Reduce::max, Reduce::min}) {
      for (int64_t width : {1, 5, 40}) {
        for (Layout layout : kLayouts) {
          for (int64_t tile : {1, 7, 16, 100, 256}) {
            const int64_t count = 16 + seed % 1000;
            const Tensor x = random(d, {count, width}, layout, ++seed, Values::special);
            const fast::TileFold fold = fast::tile_fold(op, d);
            const Tensor lanes = make(d, {kLanes, width}), out = make(d, {1, width}),
                         expected = make(d, {1, width});
            fold.begin(width, lanes.data);
            for (int64_t first = 0; first < count; first += tile) {
              const int64_t rows = std::min(tile, count - first);
              fold.add(slice_view(x, {first, 0}, {rows, width}, {1, 1}), first, lanes.data);
            }
            fold.finish(width, lanes.data, out.data);
            const bool reduced[] = {true, false};
            fast::reduce(op, x, reduced, expected);
            expect_same(out, expected, text(d) + " tile " + std::to_string(tile));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace lanewise::kernels
