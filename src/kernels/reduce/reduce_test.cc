#include "kernels/reduce/reduce.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include "kernels/reduce/monoid.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr Reduce kOps[] = {Reduce::sum, Reduce::prod,   Reduce::max,
                           Reduce::min, Reduce::argmax, Reduce::argmin};
bool is_arg(Reduce op) { return op == Reduce::argmax || op == Reduce::argmin; }

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

// Up to the rounding of the mean, which moves each deviation by units of the largest element, 2.
void expect_same_deviations(const Result& r, int64_t count, const std::string& what) {
  with_float(r.slow.dtype, [&]<class T>(std::type_identity<T>) {
    const std::vector<T> fast = values<T>(r.fast), slow = values<T>(r.slow);
    for (std::size_t i = 0; i < slow.size(); ++i) {
      if (close(fast[i], slow[i], 0)) continue;
      const double sum = slow[i], moved = 2 * std::sqrt(static_cast<double>(count) * sum);
      ASSERT_NEAR(fast[i], sum, 64 * std::numeric_limits<T>::epsilon() * (sum + moved)) << what;
    }
  });
}

TEST(Reduce, SquaredDeviationsAgreeWithTheTextbook) {
  uint32_t seed = 1;
  for (DType d : {DType::float32, DType::float64}) {
    for (const Shape& shape : kShapes) {
      for (Layout layout : kLayouts) {
        for (unsigned mask = 0; mask < 1u << shape.rank(); ++mask) {
          const Tensor x = random(d, shape, layout, ++seed);
          const Result r = run(Reduce::squared_deviations, x, mask, kOutLayouts[seed % 4]);
          expect_same_deviations(r, x.size() / std::max<int64_t>(1, r.slow.size()),
                                 text(d) + " " + std::to_string(seed));
        }
      }
    }
  }
}

// A mean far from zero and a first element far from the mean cost no digits.
TEST(Reduce, SquaredDeviationsAreAccurate) {
  for (int64_t n : {2, 100, 1024, 5000, 200'003}) {
    for (Layout layout : {Layout::row_major, Layout::transposed}) {
      for (double first : {0.0, 1e7}) {
        const Tensor x = random(DType::float32, {n, 5}, layout, 7);
        each<float>(x,
                    [&](float* v, int64_t i) { *v = *v * 0.87f + (i < 5 ? float(first) : 1e4f); });
        const Result r = run(Reduce::squared_deviations, x, 1, Layout::row_major);
        for (std::size_t j = 0; j < 5; ++j) {
          const double exact = values<float>(r.slow)[j];
          EXPECT_NEAR(values<float>(r.fast)[j] / exact, 1, 64 * 0x1p-24) << n << " from " << first;
        }
      }
    }
  }
}

TEST(Reduce, SquaredDeviationsOfWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = 1 / 0.0f;
  for (float odd : {nan, infinity, -infinity}) {
    for (std::size_t at : {0, 3, 15, 16, 40, 1023, 1024, 1099}) {
      std::vector<float> data(1100, 2.0f);
      data[at] = odd;
      const View x{reinterpret_cast<std::byte*>(data.data()), DType::float32, {1100}, {1}};
      const Result r = run(Reduce::squared_deviations, x, 1, Layout::row_major);
      EXPECT_TRUE(std::isnan(*r.fast.as<float>()) && std::isnan(*r.slow.as<float>())) << at;
    }
  }
}

TEST(Reduce, SquaredDeviationsOfFewOrEqualElementsAreZero) {
  for (int64_t n : {0, 1, 3, 17, 2000}) {
    const Tensor x = make(DType::float64, {n, 3});
    each<double>(x, [](double* v, int64_t) { *v = 1e200; });
    EXPECT_EQ(values<double>(run(Reduce::squared_deviations, x, 1, Layout::row_major).fast),
              (std::vector<double>{0, 0, 0}));
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
      const WithThreads with(threads);
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
  for (Reduce op : {Reduce::sum, Reduce::squared_deviations})
    expect_same(run(op, x, 1, Layout::row_major).fast, run(op, t, 1, Layout::row_major).fast,
                "columns");
}

TEST(Reduce, SquaredDeviationsDependOnTheNumberOfElementsAlone) {
  for (int64_t n : {1, 5, 1023, 1025, 65537, 200003}) {
    const Tensor rows = random(DType::float32, {n, 7}, Layout::row_major, 5);
    const Tensor columns = make(DType::float32, {n, 7}, Layout::transposed);
    const auto flat = values<float>(rows);
    each<float>(columns, [&](float* x, int64_t i) { *x = flat[static_cast<std::size_t>(i)]; });
    const Tensor expected = run(Reduce::squared_deviations, rows, 1, Layout::row_major).fast;
    for (int threads : {1, 2, 3}) {
      const WithThreads with(threads);
      for (const Tensor& x : {rows, columns})
        expect_same(run(Reduce::squared_deviations, x, 1, Layout::row_major).fast, expected,
                    std::to_string(n));
    }
  }
}

}  // namespace
}  // namespace lanewise::kernels
