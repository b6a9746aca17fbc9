#include "kernels/reduce/top_k.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include "kernels/cast/cast.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr Reduce kOps[] = {Reduce::top_k, Reduce::bottom_k, Reduce::arg_top_k,
                           Reduce::arg_bottom_k};
DType result_of(Reduce op, DType d) { return op >= Reduce::arg_top_k ? DType::int64 : d; }

using Kernel = void (*)(Reduce, const View&, const bool*, const View&);

Tensor run(Kernel kernel, Reduce op, const View& x, int axis, int64_t k,
           Layout layout = Layout::row_major) {
  bool reduced[kMaxRank] = {};
  reduced[axis] = true;
  Shape shape = x.shape;
  shape[axis] = k;
  const Tensor out = make(result_of(op, x.dtype), shape, layout);
  kernel(op, x, reduced, out);
  return out;
}

std::vector<int64_t> ks(int64_t extent) {
  std::vector<int64_t> found;
  for (int64_t k : {1, 2, 15, 16, 17, 40, 1000})
    if (k <= extent) found.push_back(k);
  if (extent > 0) found.push_back(extent);
  return found;
}

const Shape kShapes[] = {{1},      {15},     {33},       {5, 1},     {1, 17},   {40, 31},
                         {17, 40}, {70, 16}, {2, 3, 70}, {70, 2, 5}, {3, 0, 4}, {3, 4, 2, 19}};

TEST(TopK, AgreesWithReference) {
  uint32_t seed = 1;
  for (Reduce op : kOps)
    for (DType d : kDTypes)
      for (const Shape& shape : kShapes)
        for (Layout layout : kLayouts)
          for (int axis = 0; axis < shape.rank(); ++axis)
            for (int64_t k : ks(shape[axis])) {
              const Values kind = ++seed % 2 ? Values::special : Values::plain;
              const Tensor x = random(d, shape, layout, seed, kind);
              expect_same(run(fast::reduce, op, x, axis, k, kOutLayouts[seed % 4]),
                          run(reference::reduce, op, x, axis, k),
                          std::to_string(int(op)) + " " + text(d) + " k " + std::to_string(k));
            }
}

TEST(TopK, LongAxesAgreeWithReferenceWhateverTheThreads) {
  uint32_t seed = 1;
  for (Reduce op : kOps)
    for (DType d : {DType::uint8, DType::float32})
      for (Layout layout : {Layout::row_major, Layout::transposed})
        for (int64_t width : {1, 5}) {
          const Values kind = ++seed % 2 ? Values::special : Values::plain;
          const Tensor x = random(d, {70'001, width}, layout, seed, kind);
          const int64_t k = seed % 3 ? 10 : 300;
          const Tensor expected = run(reference::reduce, op, x, 0, k);
          for (int threads : {1, 2, 3}) {
            const WithThreads with(threads);
            expect_same(run(fast::reduce, op, x, 0, k), expected,
                        std::to_string(int(op)) + " " + text(d));
          }
        }
}

// Every element enters, or none after the first.
TEST(TopK, SortedAndEqualElements) {
  for (int direction : {-1, 0, 1})
    for (Reduce op : kOps) {
      const Tensor x = make(DType::float32, {5000, 2});
      each<float>(x, [&](float* v, int64_t i) { *v = static_cast<float>(direction * (i / 2)); });
      for (int64_t k : {1, 7, 100})
        expect_same(run(fast::reduce, op, x, 0, k), run(reference::reduce, op, x, 0, k),
                    std::to_string(direction));
    }
}

TEST(TopK, NanIsTheLargestAndTheFirstOfEqualsIsBetter) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float data[] = {1, 3, nan, 3, nan, -0.0f, 0};
  const View x{reinterpret_cast<std::byte*>(data), DType::float32, {7}, {1}};
  for (Kernel kernel : {reference::reduce, fast::reduce}) {
    EXPECT_EQ(values<int64_t>(run(kernel, Reduce::arg_top_k, x, 0, 7)),
              (std::vector<int64_t>{2, 4, 1, 3, 0, 5, 6}));
    EXPECT_EQ(values<int64_t>(run(kernel, Reduce::arg_bottom_k, x, 0, 7)),
              (std::vector<int64_t>{5, 6, 0, 1, 3, 2, 4}));
  }
}

// The samples of x in blocks of `block` and tiles, whose states are merged one after another.
Tensor fold(Reduce op, const Tensor& x, int64_t k, int64_t block, int64_t tile) {
  const int64_t count = x.shape[0], width = x.shape[1];
  const fast::TileFold fold = fast::tile_fold(op, x.dtype);
  const fast::FoldSize size{width, k, width};
  const Tensor lanes = make(DType::int8, {fold.lanes_bytes(size)}),
               state = make(DType::int8, {fold.state_bytes(size)}),
               merged = make(DType::int8, {fold.state_bytes(size)});
  for (int64_t begin = 0; begin < count; begin += block) {
    fold.begin(size, lanes.data);
    const int64_t end = std::min(count, begin + block);
    for (int64_t first = begin; first < end; first += tile) {
      const int64_t rows = std::min(tile, end - first);
      fold.add(slice_view(x, {first, 0}, {rows, width}, {1, 1}), first, lanes.data, 0);
    }
    fold.finish(size, lanes.data, begin == 0 ? merged.data : state.data);
    if (begin > 0) fold.merge(size, merged.data, state.data);
  }
  const Tensor out = make(result_of(op, x.dtype), {k, width});
  fold.result(size, merged.data, out.data);
  return out;
}

TEST(TopK, ATileFoldGivesTheSameForAnyTileAndBlock) {
  uint32_t seed = 1;
  for (DType d : kDTypes)
    for (Reduce op : kOps)
      for (int64_t width : {0, 1, 5, 16, 40})
        for (Layout layout : kLayouts)
          for (int64_t k : {1, 10, 50}) {
            const int64_t count = k + ++seed % 400;
            const Values kind = seed % 2 ? Values::special : Values::plain;
            const Tensor x = random(d, {count, width}, layout, seed, kind);
            const Tensor expected = run(reference::reduce, op, x, 0, k);
            for (int64_t tile : {1, 2, 7, 16, 256})
              expect_same(fold(op, x, k, (seed + tile) % 3 ? 30 : 1000, tile), expected,
                          text(d) + " tile " + std::to_string(tile) + " k " + std::to_string(k));
          }
}

TEST(TopK, ResultsLieAroundTheColumnsAfterTheAxis) {
  const Tensor x = random(DType::int32, {3, 50, 4}, Layout::row_major, 7);
  const View samples = transpose_view(x, {1, 0, 2});
  const Tensor rows = make(DType::int32, {50, 12});
  reference::cast(samples,
                  {rows.data, rows.dtype, samples.shape, row_major_strides(samples.shape)});
  const fast::TileFold fold = fast::tile_fold(Reduce::arg_top_k, DType::int32);
  const fast::FoldSize size{12, 5, 4};
  const Tensor lanes = make(DType::int8, {fold.lanes_bytes(size)}),
               state = make(DType::int8, {fold.state_bytes(size)}),
               out = make(DType::int64, {3, 5, 4});
  fold.begin(size, lanes.data);
  fold.add(rows, 0, lanes.data, 0);
  fold.finish(size, lanes.data, state.data);
  fold.result(size, state.data, out.data);
  expect_same(out, run(reference::reduce, Reduce::arg_top_k, x, 1, 5), "inner");
}

}  // namespace
}  // namespace lanewise::kernels
