#include "kernels/transpose/transpose.h"

#include <gtest/gtest.h>

#include "kernels/cast/cast.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

TEST(Transpose, EveryShapeInBothDirections) {
  uint32_t seed = 1;
  for (DType d : {DType::float32, DType::float64, DType::int32}) {
    for (int64_t rows : {2, 3, 4, 5, 16, 17, 33, 70}) {
      for (int64_t columns : {2, 3, 4, 7, 16, 100}) {
        for (const auto& [from, to] : {std::pair{Layout::row_major, Layout::transposed},
                                       std::pair{Layout::transposed, Layout::row_major}}) {
          const Tensor x = random(d, {rows, columns}, from, ++seed, Values::special);
          const Tensor out = make(d, {rows, columns}, to), expected = make(d, {rows, columns});
          EXPECT_TRUE(fast::copy_transposed(x, out));
          reference::cast(x, expected);
          expect_same(out, expected, std::to_string(rows) + " x " + std::to_string(columns));
        }
      }
    }
  }
}

TEST(Transpose, LeavesOtherCopiesAlone) {
  const Tensor x = random(DType::float32, {8, 9}, Layout::row_major, 1);
  EXPECT_FALSE(fast::copy_transposed(x, make(DType::float32, {8, 9})));
  const Tensor narrow = random(DType::int8, {8, 9}, Layout::transposed, 1);
  EXPECT_FALSE(fast::copy_transposed(narrow, make(DType::int8, {8, 9})));
  const Tensor stepped = random(DType::float32, {8, 9}, Layout::stepped, 1);
  EXPECT_FALSE(fast::copy_transposed(stepped, make(DType::float32, {8, 9}, Layout::transposed)));
}

}  // namespace
}  // namespace lanewise::kernels
