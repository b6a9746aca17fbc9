#include "kernels/reduce/sum_of_products.h"

#include <gtest/gtest.h>

#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

TEST(SumOfProducts, HasTheBitsOfMultiplyAndReduce) {
  uint32_t seed = 1;
  const bool reduced[] = {false, true};
  for (DType d : {DType::float32, DType::float64}) {
    for (int64_t rows : {0, 1, 2, 33}) {
      for (int64_t n : {0, 1, 3, 15, 16, 17, 48, 100, 128, 511, 512, 513, 1500, 2048}) {
        for (Layout layout : kLayouts) {
          const Values values = ++seed % 3 == 0 ? Values::special : Values::plain;
          const Tensor a = random(d, {rows, n}, layout, seed, values);
          const Tensor full = random(d, {rows, n}, Layout::row_major, ++seed, values);
          const Tensor row = random(d, {1, n}, layout, ++seed),
                       column = random(d, {rows, 1}, layout, 5);
          const View others[] = {a, full, broadcast_view(row, {rows, n}),
                                 broadcast_view(column, {rows, n})};
          for (const View& b : others) {
            const Tensor products = make(d, {rows, n}), out = make(d, {rows}),
                         expected = make(d, {rows, 1});
            fast::binary(Binary::multiply, a, b, products);
            fast::reduce(Reduce::sum, products, reduced, expected);
            fast::sum_of_products(a, b, out);
            View column_of_out = out;
            column_of_out.shape = expected.shape;
            column_of_out.strides = {out.strides[0], 1};
            expect_same(column_of_out, expected, std::to_string(rows) + "x" + std::to_string(n));
          }
        }
      }
    }
  }
}

TEST(SumOfProducts, MayOverwriteTheRowsThatItHasRead) {
  const Tensor a = random(DType::float32, {20, 7}, Layout::row_major, 1);
  const Tensor expected = make(DType::float32, {20});
  fast::sum_of_products(a, a, expected);
  View out = expected;
  out.data = a.data;
  fast::sum_of_products(a, a, out);
  expect_same(out, expected, "in place");
}

}  // namespace
}  // namespace lanewise::kernels
