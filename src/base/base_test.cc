#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "base/bfloat16.h"
#include "base/crc32c.h"
#include "base/mersenne_twister.h"
#include "base/tensor.h"
#include "base/testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

TEST(DType, NamesGoBothWays) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DType d = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name(d)), d);
    EXPECT_EQ(promote(d, d), d);
  }
  EXPECT_THROW(dtype_from_name("float16"), DTypeError);
}

TEST(DType, PromotesAsNumPy2) {
  EXPECT_EQ(promote(DType::int64, DType::float32), DType::float64);
  EXPECT_EQ(promote(DType::uint8, DType::float32), DType::float32);
  EXPECT_EQ(promote(DType::int8, DType::uint8), DType::int32);
  EXPECT_EQ(promote(DType::float32, false, DType::float64, true), DType::float32);
  EXPECT_EQ(promote(DType::uint8, false, DType::int64, true), DType::uint8);
  EXPECT_EQ(promote(DType::bool_, false, DType::int64, true), DType::int64);
  EXPECT_EQ(promote(DType::int32, false, DType::float64, true), DType::float64);
}

TEST(Errors, HaveARowEachInOrder) {
  ASSERT_EQ(error_kinds().size(), 8u);
  for (std::size_t i = 0; i < error_kinds().size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(error_kinds()[i].kind), i);
}

TEST(Dims, HoldUpToTwelve) {
  Dims d = Dims::filled(kMaxRank, 1);
  EXPECT_THROW(d.push_back(1), ValueError);
  d.erase(0);
  d.insert(2, 7);
  EXPECT_EQ(d[2], 7);
  EXPECT_EQ(d.rank(), kMaxRank);
  EXPECT_EQ(to_string(Shape{5}), "(5,)");
  EXPECT_EQ(normalize_axis(-1, 3, "sum"), 2);
  EXPECT_THROW(normalize_axis(3, 3, "sum"), IndexError);
}

TEST(Tensor, RefusesImpossibleSizes) {
  EXPECT_THROW(Tensor::empty(DType::float64, {int64_t{1} << 40, int64_t{1} << 40}), ValueError);
  EXPECT_THROW(Tensor::empty(DType::float32, {-1}), ValueError);
  EXPECT_EQ(Tensor::empty(DType::float32, {0, 5}).size(), 0);
  EXPECT_EQ(*Tensor::scalar(DType::int8, 1000).as<int8_t>(), 127);
}

std::vector<int> read(const View& v) {  // of up to two axes
  std::vector<int> values;
  const int64_t rows = v.rank() > 1 ? v.shape[0] : 1, row_stride = v.rank() > 1 ? v.strides[0] : 0;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < v.shape.back(); ++j)
      values.push_back(v.as<int32_t>()[i * row_stride + j * v.strides.back()]);
  return values;
}

TEST(Views, ShareMemory) {
  const Tensor t = Tensor::empty(DType::int32, {2, 3});
  std::iota(t.as<int32_t>(), t.as<int32_t>() + 6, 0);
  EXPECT_EQ(read(transpose_view(t, {1, 0})), (std::vector<int>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(read(slice_view(t, {1, 2}, {2, 2}, {-1, -1})), (std::vector<int>{5, 4, 2, 1}));
  View row;
  ASSERT_TRUE(reshape_view(slice_view(t, {0, 0}, {1, 3}, {1, 1}), {3}, &row));
  EXPECT_EQ(read(broadcast_view(row, {2, 3})), (std::vector<int>{0, 1, 2, 0, 1, 2}));
}

TEST(Views, ReshapeOnlyWhereStridesAllow) {
  const Tensor t = Tensor::empty(DType::int32, {2, 3, 4});
  View out;
  EXPECT_TRUE(reshape_view(t, {6, 4}, &out));
  const View swapped = transpose_view(t, {2, 0, 1});  // strides 1, 12, 4
  EXPECT_TRUE(reshape_view(swapped, {4, 6}, &out));
  EXPECT_EQ(out.strides, (Strides{1, 4}));
  EXPECT_FALSE(reshape_view(swapped, {24}, &out));
  EXPECT_TRUE(reshape_view(swapped, {2, 2, 1, 6, 1}, &out));
}

TEST(ParallelFor, CoversEveryIndexOnce) {
  for (int threads : {1, 2, 3, 4, 20}) {
    set_thread_count(threads);
    for (int64_t count : {0, 1, 7, 90, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<std::size_t>(count));
      parallel_for(count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++hits[i];
      });
      for (const auto& hit : hits) EXPECT_EQ(hit, 1);
    }
  }
  EXPECT_THROW(set_thread_count(0), ValueError);
}

TEST(ParallelRuns, ABodyTakesAllRunsOfAThread) {
  for (int threads : {1, 2, 3, 20}) {
    const WithThreads with(threads);
    std::atomic<int> bodies = 0;
    std::vector<std::atomic<int>> hits(1000);
    parallel_runs(1000, 1, [&](Runs& runs) {
      ++bodies;
      for (int64_t begin, end; runs.next(begin, end);)
        for (int64_t i = begin; i < end; ++i) ++hits[static_cast<std::size_t>(i)];
    });
    for (const auto& hit : hits) EXPECT_EQ(hit, 1);
    EXPECT_GE(bodies, 1);
    EXPECT_LE(bodies, threads);
    EXPECT_THROW(parallel_runs(1000, 1, [](Runs&) { throw ValueError("stop"); }), ValueError);
  }
}

TEST(ParallelFor, NestsAndThrows) {
  set_thread_count(2);
  std::atomic<int> sum{0};
  parallel_for(4, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; ++i)
      parallel_for(10, 1, [&](int64_t b2, int64_t e2) { sum += static_cast<int>(e2 - b2); });
  });
  EXPECT_EQ(sum, 40);
  EXPECT_THROW(parallel_for(100, 1, [](int64_t, int64_t) { throw ValueError("stop"); }),
               ValueError);
  parallel_for(100, 1, [&](int64_t b, int64_t e) { sum += static_cast<int>(e - b); });
  EXPECT_EQ(sum, 140);
}

// Calls in quick succession, whose workers are still on their way, and after pauses, when they are
// parked.
TEST(ParallelFor, EveryCallIsWholeWhenItReturns) {
  set_thread_count(3);
  constexpr int64_t kCount = 8;
  int64_t cells[kCount] = {};
  for (int call = 0; call < 20000; ++call) {
    parallel_for(kCount, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) cells[i] += i;
    });
    if (call % 1000 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  for (int64_t i = 0; i < kCount; ++i) EXPECT_EQ(cells[i], 20000 * i);
}

// Workers may be anywhere between two jobs when they are told to end.
TEST(ParallelFor, StopsAtAnyMoment) {
  const int before = thread_count();
  std::atomic<int64_t> sum = 0;
  for (int round = 0; round < 1000; ++round) {
    set_thread_count(4);
    parallel_for(8, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    set_thread_count(2);
  }
  EXPECT_EQ(sum, 8000);
  set_thread_count(before);
}

TEST(ParallelFor, WorksInTheChildOfAFork) {
  set_thread_count(2);
  parallel_for(100, 1, [](int64_t, int64_t) {});
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> sum{0};
    parallel_for(100, 1, [&](int64_t b, int64_t e) { sum += static_cast<int>(e - b); });
    _exit(sum == 100 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// np.random.seed(7); random_sample(2), randn(3), randint(-5, 100, 3), randint(0, 2**40, 2),
// permutation(6), random_sample(1), in this order: tests/golden/make_random.py.
TEST(MersenneTwister, IsNumPysLegacyStream) {
  MersenneTwister t(7);
#include "base/golden_random.inc"
  for (double u : kUniform) EXPECT_EQ(t.uniform(), u);
  for (double n : kNormal) EXPECT_EQ(t.normal(), n);
  for (int64_t i : kSmall) EXPECT_EQ(t.integer(-5, 100), i);
  for (int64_t i : kLarge) EXPECT_EQ(t.integer(0, int64_t{1} << 40), i);
  std::vector<int64_t> order(6);
  std::iota(order.begin(), order.end(), int64_t{0});
  t.shuffle(order);
  EXPECT_EQ(order, kOrder);
  EXPECT_EQ(t.uniform(), kLast);
}

// Against an exact choice among the neighbours, over all upper halves and the lower ones that
// matter.
TEST(BFloat16, TheNearestOfEvery) {
  for (uint32_t upper = 0; upper < 0x8000; ++upper) {
    const auto below = static_cast<uint16_t>(upper), above = static_cast<uint16_t>(upper + 1);
    for (uint32_t lower : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
      for (uint32_t sign : {0u, 0x8000u}) {
        const auto x = std::bit_cast<float>((sign | upper) << 16 | lower);
        const float nearest = from_bfloat16(nearest_bfloat16(x));
        EXPECT_EQ(is_bfloat16(x), lower == 0);
        EXPECT_TRUE(is_bfloat16(nearest));
        if (std::isnan(x)) {
          EXPECT_TRUE(std::isnan(nearest));
          continue;
        }
        const bool up = lower > 0x8000 || (lower == 0x8000 && upper % 2 == 1);
        const auto expected = static_cast<uint16_t>(sign | (up ? above : below));
        EXPECT_EQ(nearest_bfloat16(x), expected) << x;
      }
    }
  }
}

// The check value of the catalogue of parametrised CRCs, and RFC 3720, B.4.
TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0').data(), 32), 0x8a9136aau);
  EXPECT_EQ(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

}  // namespace
}  // namespace lanewise
