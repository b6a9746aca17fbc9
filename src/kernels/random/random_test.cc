#include "kernels/random/random.h"

#include <gtest/gtest.h>

#include "kernels/random/normal.h"
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

using Run = void (*)(uint64_t key, uint32_t stream, int64_t run, float* out);

std::vector<float> run_of(Run make, uint64_t key, uint32_t stream, int64_t run) {
  std::vector<float> out(kRandomRun);
  make(key, stream, run, out.data());
  return out;
}

TEST(Random, RunsAgreeWithReferenceToTheBit) {
  for (int64_t run : {int64_t{0}, int64_t{1}, int64_t{1} << 40})
    for (uint32_t stream : {0u, 7u}) {
      EXPECT_EQ(run_of(fast::uniform_run, 3, stream, run),
                run_of(reference::uniform_run, 3, stream, run));
      EXPECT_EQ(run_of(fast::normal_run, 3, stream, run),
                run_of(reference::normal_run, 3, stream, run));
    }
}

TEST(Random, RunsStreamsAndKeysAreIndependent) {
  const auto correlation = [](const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * b[i];
    return sum / static_cast<double>(a.size());
  };
  const auto one = run_of(fast::normal_run, 1, 0, 0);
  EXPECT_LT(std::abs(correlation(one, run_of(fast::normal_run, 1, 0, 1))), 0.25);
  EXPECT_LT(std::abs(correlation(one, run_of(fast::normal_run, 1, 1, 0))), 0.25);
  EXPECT_LT(std::abs(correlation(one, run_of(fast::normal_run, 2, 0, 0))), 0.25);
}

TEST(Random, NormalNumbersHaveTheMomentsAndTailsOfTheNormalDistribution) {
  constexpr int64_t kRuns = 4000;
  constexpr double n = kRuns * kRandomRun;
  double moments[5] = {}, beyond2 = 0, beyond4 = 0;
  for (int64_t run = 0; run < kRuns; ++run)
    for (const double x : run_of(fast::normal_run, 5, 0, run)) {
      ASSERT_TRUE(std::abs(x) < 5.8);
      for (int k = 1; k < 5; ++k) moments[k] += std::pow(x, k) / n;
      beyond2 += std::abs(x) > 2;
      beyond4 += std::abs(x) > 4;
    }
  EXPECT_NEAR(moments[1], 0, 0.005);
  EXPECT_NEAR(moments[2], 1, 0.007);
  EXPECT_NEAR(moments[3], 0, 0.02);
  EXPECT_NEAR(moments[4], 3, 0.05);
  EXPECT_NEAR(beyond2 / n, 0.0455, 0.001);
  EXPECT_NEAR(beyond4 / n, 6.3e-5, 4e-5);
}

TEST(Random, TheFunctionsOfANormalPairAreAccurate) {
  for (uint64_t word = 0; word < uint64_t{1} << 32; word += 65537) {
    const Pair d = direction(static_cast<uint32_t>(word));
    const double angle = static_cast<double>(word) * (0x1p-32 * 2 * M_PI);
    // Quarters are centred on the axes.
    const double turned = angle - (word >> 30 << 30) * (0x1p-32 * 2 * M_PI);
    const double last = turned < M_PI / 4 ? turned : turned - M_PI / 2;
    const double whole = angle - turned + last;
    ASSERT_NEAR(d.x, std::cos(whole), 3e-7) << word;
    ASSERT_NEAR(d.y, std::sin(whole), 3e-7) << word;
  }
  for (float x = 0x1p-24f; x <= 1; x *= 1.0001f)
    ASSERT_NEAR(log_of_share(x), std::log(double(x)), 2e-6) << x;
}

}  // namespace
}  // namespace lanewise::kernels
