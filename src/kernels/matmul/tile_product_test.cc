#include "kernels/matmul/tile_product.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/testing.h"
#include "kernels/cast/cast.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr DType kFloats[] = {DType::float32, DType::float64};

std::string shape_text(DType d, int64_t m, int64_t n, int64_t k) {
  return text(d) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
}

TEST(TileProduct, PackedPanelsGiveTheBitsOfMatmul) {
  uint32_t seed = 1;
  for (DType d : kFloats) {
    for (auto [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                           {16, 64, 100},
                           {7, 33, 300},
                           {128, 1, 64},
                           {13, 3, 20},
                           {5, 17, 0},
                           {1, 130, 300},
                           {2, 71, 40},
                           {1, 256, 1},
                           {64, 10, 600}}) {
      for (Layout left : kLayouts) {
        for (Layout right : kLayouts) {
          const Tensor a = random(d, {m, k}, left, ++seed), b = random(d, {k, n}, right, ++seed);
          const Tensor out = make(d, {m, n}), expected = make(d, {m, n});
          std::vector<std::byte> panels(static_cast<std::size_t>(fast::panel_bytes(d, k, n)));
          fast::pack_panels(b, panels.data());
          fast::multiply_panels(a, panels.data(), {}, out);
          reference::matmul(a, b, expected);
          expect_same(out, expected, shape_text(d, m, n, k));

          const Tensor bias = random(d, {1, n}, right, ++seed);
          std::vector<std::byte> packed(static_cast<std::size_t>(fast::panel_bytes(d, 1, n)));
          fast::pack_panels(bias, packed.data());
          fast::multiply_panels(a, panels.data(), {packed.data(), nullptr}, out);
          reference::binary(Binary::add, expected, broadcast_view(bias, {m, n}), expected);
          expect_same(out, expected, "with a bias " + shape_text(d, m, n, k));

          const Tensor least = Tensor::scalar(d, 0.125);
          fast::multiply_panels(a, panels.data(), {packed.data(), least.data}, out);
          reference::binary(Binary::maximum, expected, broadcast_view(least, {m, n}), expected);
          expect_same(out, expected, "with a bias and a least " + shape_text(d, m, n, k));
        }
      }
    }
  }
}

TEST(TileProduct, TheLeastKeepsNaNAndIsNoNegativeZero) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (DType d : kFloats)
    for (int64_t n : {1, 3, 40})
      for (int64_t k : {1, 9})
        for (double value : {nan, -0.0, -1.0, 1.0}) {
          constexpr int64_t kRows = 17;
          const Tensor a = make(d, {kRows, k}), b = make(d, {k, n}), out = make(d, {kRows, n});
          kernels::fill_zero(b);
          const View first = slice_view(b, {0, 0}, {1, n}, {1, 1});
          reference::cast(broadcast_view(Tensor::scalar(d, value), {1, n}), first);
          reference::cast(broadcast_view(Tensor::scalar(d, 1), {kRows, k}), a);
          std::vector<std::byte> panels(static_cast<std::size_t>(fast::panel_bytes(d, k, n)));
          fast::pack_panels(b, panels.data());
          const Tensor least = Tensor::scalar(d, 0);
          fast::multiply_panels(a, panels.data(), {nullptr, least.data}, out);
          const Tensor product = make(d, {kRows, n}), expected = make(d, {kRows, n});
          reference::matmul(a, b, product);
          reference::binary(Binary::maximum, product, broadcast_view(least, {kRows, n}), expected);
          expect_same(out, expected, std::to_string(value) + " " + shape_text(d, kRows, n, k));
        }
}

// A column has kernels of its own for 16 rows; rows may be few, equal or backwards, lie as columns
// do, or apart.
TEST(TileProduct, RowsThatFollowOnes) {
  for (DType d : kFloats) {
    for (int64_t n : {1, 2, 10, 16, 33, 40, 64}) {
      for (int64_t m : {1, 3, 15, 16, 17, 32, 100}) {
        for (int64_t k : {0, 1, 2, 3, 4, 5, 64, 129}) {
          const Tensor a = random(d, {m, k}, Layout::row_major, 7);
          const Tensor b = random(d, {k, n}, Layout::row_major, 8);
          const Tensor more = random(d, {m + 1, n}, Layout::row_major, 9);
          const View out = slice_view(more, {0, 0}, {m, n}, {1, 1});
          const View behind = slice_view(more, {m, 0}, {1, n}, {1, 1});
          const Tensor expected = make(d, {m, n}), untouched = make(d, {1, n});
          reference::unary(Unary::abs, behind, untouched);
          reference::unary(Unary::abs, behind, behind);
          std::vector<std::byte> panels(static_cast<std::size_t>(fast::panel_bytes(d, k, n)));
          fast::pack_panels(b, panels.data());
          const View backwards = slice_view(a, {m - 1, 0}, {m, k}, {-1, 1});
          const View equal = broadcast_view(slice_view(a, {0, 0}, {1, k}, {1, 1}), {m, k});
          const Tensor columns = random(d, {m, k}, Layout::transposed, 7);
          const Tensor wide = random(d, {m, 2 * k}, Layout::row_major, 6);
          const View apart = slice_view(wide, {0, 0}, {m, k}, {1, 2});
          for (const View& rows :
               {static_cast<View>(a), backwards, equal, static_cast<View>(columns), apart}) {
            reference::matmul(rows, b, expected);
            for (const View& next : {static_cast<View>(a), static_cast<View>(columns), View{}}) {
              fast::multiply_panels(rows, panels.data(), {}, out, next);
              expect_same(out, expected, shape_text(d, m, n, k));
            }
          }
          expect_same(behind, untouched, "behind the rows of " + shape_text(d, m, n, k));
        }
      }
    }
  }
}

// The samples are the contraction: they come in tiles, whatever their sizes.
TEST(TileProduct, TilesOfTheContractionGoOnWithTheChain) {
  for (DType d : kFloats) {
    for (int64_t tile : {1, 2, 7, 16, 64, 200}) {
      const int64_t samples = 200, m = 21, n = 37;
      const Tensor a = random(d, {m, samples}, Layout::transposed, 3);
      const Tensor padded = random(d, {samples + 2, n}, Layout::row_major, 4);  // may be read ahead
      View b = padded;
      b.shape[0] = samples;
      const Tensor out = make(d, {m, n}), expected = make(d, {m, n});
      for (int64_t first = 0; first < samples; first += tile) {
        const int64_t count = std::min(tile, samples - first);
        fast::multiply_tile(slice_view(a, {0, first}, {m, count}, {1, 1}),
                            slice_view(b, {first, 0}, {count, n}, {1, 1}), first > 0, out);
      }
      reference::matmul(a, b, expected);
      expect_same(out, expected, "tiles of " + std::to_string(tile));
    }
  }
}

// Panels end where packing ends them: 64 columns, or 48 and 32 where 80 are left.
TEST(TileProduct, ThreadsShareMuchWork) {
  for (DType d : kFloats) {
    for (auto [m, n, k] : {std::array<int64_t, 3>{64, 256, 300},
                           {33, 80, 800},
                           {150, 130, 200},
                           {1, 1100, 2000},
                           {2, 1100, 1000},
                           {3000, 4, 300},
                           {20000, 1, 60}}) {
      const Tensor a = random(d, {m, k}, Layout::row_major, 1);
      const Tensor more = random(d, {k + 64, n}, Layout::row_major, 2);  // may be read ahead
      const View b = slice_view(more, {0, 0}, {k, n}, {1, 1});
      const Tensor expected = make(d, {m, n});
      reference::matmul(a, b, expected);
      for (int threads : {1, 2, 3, 7}) {
        const WithThreads with(threads);
        const std::string given = shape_text(d, m, n, k) + ", threads " + std::to_string(threads);
        const Tensor out = make(d, {m, n});
        std::vector<std::byte> panels(static_cast<std::size_t>(fast::panel_bytes(d, k, n)));
        fast::pack_panels(b, panels.data());
        fast::multiply_panels(a, panels.data(), {}, out);
        expect_same(out, expected, "packed " + given);
        kernels::fill_zero(out);
        fast::multiply_tile(a, b, false, out);
        expect_same(out, expected, given);
      }
    }
  }
}

}  // namespace
}  // namespace lanewise::kernels
