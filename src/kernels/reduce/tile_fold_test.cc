#include "kernels/reduce/tile_fold.h"

#include <gtest/gtest.h>

#include "kernels/reduce/reduce.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr Reduce kOps[] = {Reduce::sum,
                           Reduce::prod,
                           Reduce::max,
                           Reduce::min,
                           Reduce::argmax,
                           Reduce::argmin,
                           Reduce::squared_deviations};

bool takes(Reduce op, DType d) { return op != Reduce::squared_deviations || is_float(d); }
DType result_of(Reduce op, DType d) {
  return op == Reduce::argmax || op == Reduce::argmin ? DType::int64 : d;
}

// The samples of x in blocks and tiles, whose states are merged one after another.
Tensor fold(Reduce op, const Tensor& x, int64_t tile, bool fetches) {
  const int64_t count = x.shape[0], width = x.shape[1];
  const fast::TileFold fold = fast::tile_fold(op, x.dtype);
  const Tensor lanes = make(DType::int8, {fold.lanes_bytes({width})}),
               state = make(DType::int8, {fold.state_bytes({width})}),
               merged = make(DType::int8, {fold.state_bytes({width})});
  for (int64_t block = 0; block < count; block += kBlock) {
    fold.begin({width}, lanes.data);
    const int64_t end = std::min(count, block + kBlock);
    for (int64_t first = block; first < end; first += tile) {
      const int64_t rows = std::min(tile, end - first);
      const int64_t next_tile =
          fetches ? rows * x.strides[0] * static_cast<int64_t>(size_of(x.dtype)) : 0;
      fold.add(slice_view(x, {first, 0}, {rows, width}, {1, 1}), first, lanes.data, next_tile);
    }
    fold.finish({width}, lanes.data, block == 0 ? merged.data : state.data);
    if (block > 0) fold.merge({width}, merged.data, state.data);
  }
  Tensor out = make(result_of(op, x.dtype), {1, width});
  fold.result({width}, merged.data, out.data);
  return out;
}

TEST(TileFold, GivesTheBitsOfReduceForAnyTile) {
  uint32_t seed = 1;
  for (DType d : kDTypes) {
    for (Reduce op : kOps) {
      if (!takes(op, d)) continue;
      for (int64_t width : {1, 5, 40, 100, 300}) {
        for (Layout layout : kLayouts) {
          const int64_t count = 16 + ++seed % 1000;  // two blocks merge in one way only
          const Values kind = seed % 2 ? Values::special : Values::plain;
          const Tensor x = random(d, {count, width}, layout, seed, kind);
          const Tensor expected = make(result_of(op, d), {1, width});
          const bool reduced[] = {true, false};
          fast::reduce(op, x, reduced, expected);
          for (int64_t tile : {1, 7, 16, 100, 256})
            for (bool fetches : {false, true})
              expect_same(fold(op, x, tile, fetches), expected,
                          text(d) + " tile " + std::to_string(tile));
        }
      }
    }
  }
}

}  // namespace
}  // namespace lanewise::kernels
