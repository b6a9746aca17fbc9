#include "kernels/random/random.h"

#include <gtest/gtest.h>

#include "kernels/random/philox.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

// The known answers that come with Random123.
TEST(Random, PhiloxKnownAnswers) {
  const PhiloxWords zero = philox({{0, 0, 0, 0}}, 0);
  EXPECT_EQ(zero.w[0], 0x6627e8d5u);
  EXPECT_EQ(zero.w[1], 0xe169c58du);
  EXPECT_EQ(zero.w[2], 0xbc57ac4cu);
  EXPECT_EQ(zero.w[3], 0x9b00dbd8u);
  const PhiloxWords pi =
      philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822);
  EXPECT_EQ(pi.w[0], 0xd16cfe09u);
  EXPECT_EQ(pi.w[1], 0x94fdccebu);
  EXPECT_EQ(pi.w[2], 0x5001e420u);
  EXPECT_EQ(pi.w[3], 0x24126ea1u);
}

TEST(Random, AgreesWithReferenceToTheBit) {
  for (DType d : {DType::float32, DType::float64}) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{37}, Shape{5, 7}, Shape{100, 131}}) {
      for (Layout layout : kOutLayouts) {
        const Tensor fast = make(d, shape, layout), slow = make(d, shape);
        fast::uniform(42, 1 << 20, fast);
        reference::uniform(42, 1 << 20, slow);
        expect_same(fast, slow, "uniform " + text(d));
      }
    }
  }
}

TEST(Random, AnElementDependsOnItsIndexAlone) {
  const Tensor all = make(DType::float32, {1000}), tail = make(DType::float32, {400});
  fast::uniform(7, 0, all);
  fast::uniform(7, 600, tail);
  for (int i = 0; i < 400; ++i) EXPECT_EQ(tail.as<float>()[i], all.as<float>()[600 + i]);
}

TEST(Random, IsUniform) {
  const int64_t n = 100000;
  for (DType d : {DType::float32, DType::float64}) {
    const Tensor x = make(d, {n});
    fast::uniform(1, 0, x);
    double sum = 0, square = 0;
    with_float(d, [&]<class T>(std::type_identity<T>) {
      for (T v : values<T>(x)) {
        ASSERT_TRUE(v >= 0 && v < 1);
        sum += v;
        square += double(v) * v;
      }
    });
    EXPECT_NEAR(sum / n, 0.5, 0.005);
    EXPECT_NEAR(square / n, 1.0 / 3, 0.005);
  }
}

}  // namespace
}  // namespace lanewise::kernels
