#include "kernels/matmul/bfloat16_product.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/bfloat16.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

Tensor random_bfloat16(const Shape& shape, Layout layout, uint32_t seed, Values kind) {
  Tensor t = random(DType::float32, shape, layout, seed, kind);
  each<float>(t, [](float* x, int64_t) { *x = from_bfloat16(nearest_bfloat16(*x)); });
  return t;
}

TEST(BFloat16Product, GivesTheBitsOfMatmul) {
  uint32_t seed = 1;
  for (Values kind : {Values::plain, Values::special}) {
    for (int64_t k : {0, 1, 2, 7, 64, 300}) {
      for (int64_t n : {5, 8, 15, 16, 17, 31, 32, 33, 64, 100, 129, 200}) {
        for (Layout right : kLayouts) {
          const Tensor wide = random(DType::float32, {1, 3 * k}, Layout::row_major, ++seed, kind);
          const Tensor b = random_bfloat16({k, n}, right, ++seed, kind);
          ASSERT_TRUE(fast::holds_bfloat16(b));
          std::vector<std::byte> panels(static_cast<std::size_t>(fast::bfloat16_panel_bytes(k, n)));
          fast::pack_bfloat16_panels(b, panels.data());
          // What lies behind the row stays.
          const Tensor out = make(DType::float32, {1, n + 64}),
                       expected = make(DType::float32, {1, n});
          kernels::fill_zero(out);
          const View row = slice_view(out, {0, 0}, {1, n}, {1, 1});
          const std::string shape = std::to_string(k) + "x" + std::to_string(n);
          for (int64_t stride : {1, 3}) {
            const View a = slice_view(wide, {0, 0}, {1, k}, {1, stride});
            fast::multiply_bfloat16_panels(a, panels.data(), {}, row);
            reference::matmul(a, b, expected);
            expect_same(row, expected, shape);

            const Tensor bias = random(DType::float32, {1, n}, right, ++seed, kind);
            const auto bytes = fast::panel_bytes(DType::float32, 1, n);
            std::vector<std::byte> packed(static_cast<std::size_t>(bytes));
            fast::pack_panels(bias, packed.data());
            const Tensor least = Tensor::scalar(DType::float32, 0.125);
            fast::multiply_bfloat16_panels(a, panels.data(), {packed.data(), least.data}, row);
            reference::binary(Binary::add, expected, bias, expected);
            reference::binary(Binary::maximum, expected, broadcast_view(least, {1, n}), expected);
            expect_same(row, expected, "with a bias and a least " + shape);
          }
          for (int64_t j = n; j < n + 64; ++j) EXPECT_EQ(out.as<float>()[j], 0) << shape;
        }
      }
    }
  }
}

TEST(BFloat16Product, OneNumberOfFloat32IsNoticed) {
  for (Layout layout : kLayouts) {
    const Tensor b = random_bfloat16({7, 9}, layout, 5, Values::special);
    EXPECT_TRUE(fast::holds_bfloat16(b));
    each<float>(b, [&](float* x, int64_t) {
      const float before = std::exchange(*x, 1 + std::numeric_limits<float>::epsilon());
      EXPECT_FALSE(fast::holds_bfloat16(b));
      *x = before;
    });
  }
}

}  // namespace
}  // namespace lanewise::kernels
