#include "kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include "kernels/reduce/monoid.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr Reduce kOps[] = {Reduce::sum, Reduce::prod,   Reduce::max,
                           Reduce::min, Reduce::argmax, Reduce::argmin};
bool is_arg(Reduce op) { return op >= Reduce::argmax; }

Shape kept_shape(const Shape& shape, unsigned mask) {
  Shape kept = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    if (mask >> i & 1) kept[i] = 1;
  }
  return kept;
}

struct Result {
  Tensor fast, slow;
};

Result run(Reduce op, const View& x, unsigned mask, Layout layout) {
  bool reduced[kMaxRank] = {};
  for (int i = 0; i < x.rank(); ++i) reduced[i] = mask >> i & 1;
  const DType d = is_arg(op) ? DType::int64 : x.dtype;
  const Shape shape = kept_shape(x.shape, mask);
  const Result r{make(d, shape, layout), make(d, shape)};
  fast::reduce(op, x, reduced, r.fast);
  reference::reduce(op, x, reduced, r.slow);
  return r;
}

// The sum of blocks by the definition in monoid.h, element by element.
template <class T>
T defined_sum(const std::vector<T>& x) {
  std::vector<T> parts;
  for (std::size_t from = 0; from < x.size(); from += kBlock) {
    T lane[kLanes] = {};
    for (std::size_t i = from; i < x.size() && i < from + kBlock; ++i)
      lane[(i - from) % 16] += x[i];
    for (int half = 8; half > 0; half /= 2) {
      for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
    }
    parts.push_back(lane[0]);
  }
  // A binary counter of n is the tree that splits off the largest power of two.
  auto tree = [&](auto& self, std::size_t begin, std::size_t end) -> T {
    if (end - begin == 1) return parts[begin];
    std::size_t power = 1;
    while (power * 2 < end - begin) power *= 2;
    return self(self, begin, begin + power) + self(self, begin + power, end);
  };
  return parts.empty() ? T{} : tree(tree, 0, parts.size());
}

const Shape kShapes[] = {{},      {1},      {15},     {16},       {33},       {5, 1},
                         {1, 17}, {40, 31}, {17, 40}, {2, 3, 70}, {70, 2, 5}, {3, 4, 2, 19}};

TEST(Reduce, ExactResultsAgreeWithReference) {
  uint32_t seed = 1;
  for (Reduce op : kOps) {
    for (DType d : kDTypes) {
      if (is_float(d) && (op == Reduce::sum || op == Reduce::prod)) continue;
      for (const Shape& shape : kShapes) {
        for (Layout layout : kLayouts) {
          for (unsigned mask = 0; mask < 1u << shape.rank(); ++mask) {
            const Values kind = ++seed % 2 ? Values::special : Values::plain;
            const Tensor x = random(d, shape, layout, seed, kind);
            const Result r = run(op, x, mask, kOutLayouts[seed % 4]);
            expect_same(r.fast, r.slow, std::to_string(int(op)) + " " + text(d));
          }
        }
      }
    }
  }
}

TEST(Reduce, FloatSumsAgreeWithinTolerance) {
  uint32_t seed = 1;
  for (DType d : {DType::float32, DType::float64}) {
    for (const Shape& shape : kShapes) {
      for (Layout layout : kLayouts) {
        for (unsigned mask = 0; mask < 1u << shape.rank(); ++mask) {
          // Positive terms: the relative error is bounded by the number of additions.
          const Tensor plain = random(d, shape, layout, ++seed);
          with_float(d, [&]<class T>(std::type_identity<T>) {
            each<T>(plain, [](T* x, int64_t) { *x = T{0.5} + std::fabs(*x) * T{0.25}; });
          });
          const int64_t x_count = plain.size();
          for (Reduce op : {Reduce::sum, Reduce::prod}) {
            const Result r = run(op, plain, mask, kOutLayouts[seed % 4]);
            expect_close(r.fast, r.slow, static_cast<double>(x_count), "sum " + text(d));
          }
        }
      }
    }
  }
}

TEST(Reduce, NothingToReduce) {
  const Tensor x = make(DType::float32, {0, 3});
  const Result r = run(Reduce::sum, x, 1, Layout::row_major);
  EXPECT_EQ(values<float>(r.fast), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(values<float>(run(Reduce::prod, x, 3, Layout::row_major).fast), std::vector<float>{1});
  run(Reduce::sum, make(DType::float32, {3, 0, 2}), 1, Layout::row_major);
}

TEST(Reduce, NanWinsAndTiesAreFirst) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float data[] = {1, 3, nan, 3, nan};
  const View x{reinterpret_cast<std::byte*>(data), DType::float32, {5}, {1}};
  EXPECT_TRUE(std::isnan(values<float>(run(Reduce::max, x, 1, Layout::row_major).fast)[0]));
  EXPECT_EQ(values<int64_t>(run(Reduce::argmin, x, 1, Layout::row_major).fast)[0], 2);
  data[2] = data[4] = 0;
  EXPECT_EQ(values<int64_t>(run(Reduce::argmax, x, 1, Layout::row_major).fast)[0], 1);
  EXPECT_EQ(values<int64_t>(run(Reduce::argmin, x, 1, Layout::row_major).fast)[0], 2);
}

TEST(Reduce, OrderDependsOnTheNumberOfElementsAlone) {
  for (int64_t n : {1, 5, 1023, 1024, 1025, 3000, 65536, 65537, 200003}) {
    const Shape shape{n, 3};
    const Tensor rows = random(DType::float32, shape, Layout::row_major, 5);
    const Tensor columns = make(DType::float32, shape, Layout::transposed);
    const Tensor stepped = make(DType::float32, shape, Layout::stepped);
    const auto flat = values<float>(rows);
    for (const Tensor& copy : {columns, stepped}) {
      each<float>(copy, [&](float* x, int64_t i) { *x = flat[static_cast<std::size_t>(i)]; });
    }
    std::vector<float> expected, column(static_cast<std::size_t>(n));
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t i = 0; i < column.size(); ++i) column[i] = flat[3 * i + j];
      expected.push_back(defined_sum(column));
    }
    for (int threads : {1, 2, 3}) {
      const Threads t(threads);
      for (const Tensor& x : {rows, columns, stepped}) {
        EXPECT_EQ(values<float>(run(Reduce::sum, x, 1, Layout::row_major).fast), expected) << n;
      }
      EXPECT_EQ(values<float>(run(Reduce::sum, rows, 3, Layout::row_major).fast)[0],
                defined_sum(flat));
    }
  }
}

TEST(Reduce, WideRowsByColumns) {
  const Tensor x = random(DType::float64, {2100, 301}, Layout::row_major, 5);
  const Tensor t = make(DType::float64, {2100, 301}, Layout::transposed);
  const auto flat = values<double>(x);
  each<double>(t, [&](double* v, int64_t i) { *v = flat[static_cast<std::size_t>(i)]; });
  expect_same(run(Reduce::sum, x, 1, Layout::row_major).fast,
              run(Reduce::sum, t, 1, Layout::row_major).fast, "columns");
}

TEST(Reduce, MomentsMatchTheTextbook) {
  const int64_t n = 5000;
  const Tensor x = random(DType::float64, {n}, Layout::row_major, 9);
  MomentsCounter counter;
  for (int64_t i = 0; i < n; i += kBlock) {
    Moments::State block;
    Moments::update(&block, x.as<double>() + i, std::min(kBlock, n - i));
    counter.push(block);
  }
  const Moments::State state = counter.finish();
  double mean = 0, m2 = 0;
  for (double v : values<double>(x)) mean += v / double(n);
  for (double v : values<double>(x)) m2 += (v - mean) * (v - mean);
  EXPECT_EQ(state.count, n);
  EXPECT_NEAR(state.mean, mean, 1e-12);
  EXPECT_NEAR(state.m2, m2, 1e-9);
  EXPECT_NEAR(state.variance(), m2 / double(n), 1e-12);
}

}  // namespace
}  // namespace lanewise::kernels
