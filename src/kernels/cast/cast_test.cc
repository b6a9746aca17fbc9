#include "kernels/cast/cast.h"

#include <gtest/gtest.h>

#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

const Shape kShapes[] = {{}, {0}, {1}, {33}, {4, 17}, {3, 1, 5}, {40, 50}, {64, 3, 64}};

TEST(Cast, AgreesWithReference) {
  uint32_t seed = 1;
  for (DType from : kDTypes) {
    for (DType to : kDTypes) {
      for (const Shape& shape : kShapes) {
        for (Layout layout : kLayouts) {
          const Tensor x = random(from, shape, layout, ++seed, Values::special);
          const Tensor fast = make(to, shape, kOutLayouts[seed % 4]), slow = make(to, shape);
          fast::cast(x, fast);
          reference::cast(x, slow);
          expect_same(fast, slow, text(from) + " to " + text(to));
        }
      }
    }
  }
}

template <class To, class From>
To one(From x) {
  To out{};
  fast::cast({reinterpret_cast<std::byte*>(&x), dtype_of<From>, {}, {}},
             {reinterpret_cast<std::byte*>(&out), dtype_of<To>, {}, {}});
  return out;
}

TEST(Cast, FloatsSaturate) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(one<int32_t>(3e9f), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(one<int32_t>(-3e9), std::numeric_limits<int32_t>::lowest());
  EXPECT_EQ(one<int64_t>(1e19), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(one<uint8_t>(-1.0f), 0);
  EXPECT_EQ(one<uint8_t>(-0.5f), 0);
  EXPECT_EQ(one<uint8_t>(255.9), 255);
  EXPECT_EQ(one<int8_t>(-128.9f), -128);
  EXPECT_EQ(one<int32_t>(nan), 0);
  EXPECT_EQ(one<int32_t>(-1.9f), -1);
  EXPECT_TRUE(one<bool>(nan));
  EXPECT_TRUE(one<bool>(0.5));
  EXPECT_FALSE(one<bool>(-0.0f));
  EXPECT_EQ(one<int8_t>(int32_t{300}), 44);
  EXPECT_EQ(one<float>(true), 1.0f);
}

}  // namespace
}  // namespace lanewise::kernels
