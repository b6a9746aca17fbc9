#include "kernels/matmul/matmul.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

void check(const View& a, const View& b, DType d, const Shape& shape, Layout layout,
           const std::string& what, const std::vector<int>& threads = {thread_count()}) {
  const Tensor slow = make(d, shape);
  reference::matmul(a, b, slow);
  for (int count : threads) {
    const WithThreads with(count);
    const Tensor fast = make(d, shape, layout);
    fast::matmul(a, b, fast);
    expect_same(fast, slow, what + ", threads " + std::to_string(count));
  }
}

void check(DType d, int64_t m, int64_t n, int64_t k, Layout left, Layout right, Layout out,
           uint32_t seed, const std::vector<int>& threads = {thread_count()}) {
  const Tensor a = random(d, {m, k}, left, seed), b = random(d, {k, n}, right, seed + 1);
  check(a, b, d, {m, n}, out,
        text(d) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
            " layouts " + std::to_string(int(left)) + std::to_string(int(right)) +
            std::to_string(int(out)),
        threads);
}

TEST(Matmul, SameBitsAsReferenceForEverySmallShape) {
  uint32_t seed = 1;
  for (DType d : {DType::float32, DType::float64}) {
    for (int64_t m = 1; m <= 35; ++m) {
      for (int64_t n = 1; n <= 35; ++n) {
        const int64_t k = 1 + ++seed % 35;
        check(d, m, n, k, kLayouts[seed % 5], kLayouts[seed / 5 % 5], kOutLayouts[seed % 4], seed);
      }
    }
  }
}

TEST(Matmul, SameBitsInEveryLayout) {
  for (DType d : {DType::float32, DType::float64}) {
    for (auto [m, n, k] : {std::array<int64_t, 3>{13, 37, 9},
                           {70, 70, 70},
                           {1, 70, 50},
                           {70, 1, 50},
                           {1, 1, 50},
                           {3, 90, 20},
                           {90, 3, 20},
                           {50, 16, 300}}) {
      for (Layout left : kLayouts) {
        for (Layout right : kLayouts) {
          for (Layout out : kOutLayouts) check(d, m, n, k, left, right, out, 7);
        }
      }
    }
  }
}

TEST(Matmul, SameBitsAcrossCacheBlocksAndThreads) {
  constexpr Layout rows = Layout::row_major, turned = Layout::transposed;
  for (DType d : {DType::float32, DType::float64}) {
    check(d, 150, 130, 1030, rows, rows, rows, 1, {1, 2, 3});
    check(d, 130, 70, 600, turned, rows, rows, 2, {1, 2, 3});
    check(d, 700, 90, 260, rows, turned, turned, 3, {1, 2, 3});
    check(d, 5, 3000, 40, rows, rows, rows, 4, {1, 2, 3});
    check(d, 8, 133, 1030, rows, rows, rows, 8, {1, 2, 3});
    check(d, 3000, 5, 40, rows, rows, rows, 5, {1, 2, 3});
    check(d, 5000, 1, 64, rows, rows, rows, 6, {1, 2, 3});
    check(d, 1, 5000, 64, rows, turned, rows, 7, {1, 2, 3});
  }
}

TEST(Matmul, EmptyExtents) {
  for (DType d : kDTypes) {
    for (auto [m, n, k] : {std::array<int64_t, 3>{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {0, 0, 0}}) {
      check(d, m, n, k, Layout::row_major, Layout::row_major, Layout::row_major, 1);
    }
  }
}

TEST(Matmul, IntegersAndBool) {
  uint32_t seed = 1;
  for (DType d : {DType::bool_, DType::int8, DType::uint8, DType::int32, DType::int64}) {
    for (auto [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                           {5, 7, 3},
                           {33, 1, 20},
                           {1, 33, 20},
                           {40, 41, 42},
                           {300, 200, 10}}) {
      for (Layout left : kLayouts) {
        for (Layout right : kLayouts) {
          const Tensor a = random(d, {m, k}, left, ++seed, Values::special);
          const Tensor b = random(d, {k, n}, right, ++seed, Values::special);
          check(a, b, d, {m, n}, kOutLayouts[seed % 4], text(d));
        }
      }
    }
  }
}

TEST(Matmul, Batches) {
  for (DType d : {DType::float32, DType::float64, DType::int32}) {
    const Tensor a = random(d, {2, 3, 9, 5}, Layout::row_major, 1);
    const Tensor b = random(d, {2, 3, 5, 20}, Layout::row_major, 2);
    check(a, b, d, {2, 3, 9, 20}, Layout::row_major, "batch");
    check(a, b, d, {2, 3, 9, 20}, Layout::transposed, "batch, transposed");
    Tensor shared = b;
    shared.strides[0] = shared.strides[1] = 0;
    check(a, shared, d, {2, 3, 9, 20}, Layout::row_major, "one matrix for all");
    Tensor left = a;
    left.strides[0] = 0;
    check(left, b, d, {2, 3, 9, 20}, Layout::stepped, "repeated left");
    const Tensor none = random(d, {0, 9, 5}, Layout::row_major, 1);
    check(none, random(d, {0, 5, 4}, Layout::row_major, 2), d, {0, 9, 4}, Layout::row_major,
          "none");
  }
}

TEST(Matmul, SpecialValuesFollowTheChain) {
  for (DType d : {DType::float32, DType::float64}) {
    for (int64_t n : {1, 3, 16, 40}) {
      const Tensor a = random(d, {20, 9}, Layout::row_major, 1, Values::special);
      const Tensor b = random(d, {9, n}, Layout::row_major, 2, Values::special);
      check(a, b, d, {20, n}, Layout::row_major, "special");
    }
  }
}

}  // namespace
}  // namespace lanewise::kernels
