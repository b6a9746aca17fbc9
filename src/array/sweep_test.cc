// The executor `fused` on programs of every kind: the values of `loop`, and the same
// bits for any number of threads and for a row alone or among others.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>

#include "array/random_program.h"
#include "array/testing.h"
#include "base/testing.h"
#include "kernels/cast/cast.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

std::vector<Array> run(const std::string& executor, const Function& f,
                       const std::vector<Array>& arguments, std::vector<int> axes) {
  const WithExecutor with(executor);
  auto results = compile(f, {std::move(axes)})(arguments);
  for (const Array& a : results) a.eval();
  return results;
}

// Against the largest value of the array; what is smaller than 1e-6 may be roundings of zero.
void expect_close(const Array& actual, const Array& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(actual.shape(), expected.shape()) << what;
  ASSERT_EQ(actual.dtype(), expected.dtype()) << what;
  const auto a = actual.to_vector<double>(), b = expected.to_vector<double>();
  double largest = 1e-6;
  for (double x : b)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    ASSERT_LE(std::abs(a[i] - b[i]), tolerance * largest) << what << " at " << i;
  }
}

Tensor in_row_major_order(const Array& a) {
  if (a.tensor().contiguous()) return a.tensor();
  Tensor copy = Tensor::empty(a.dtype(), a.shape());
  kernels::reference::cast(a.tensor(), copy);
  return copy;
}

void expect_same_bits(const Array& a, const Array& b, const std::string& what) {
  ASSERT_EQ(a.shape(), b.shape()) << what;
  ASSERT_EQ(a.dtype(), b.dtype()) << what;
  const Tensor x = in_row_major_order(a), y = in_row_major_order(b);
  const auto bytes = static_cast<std::size_t>(x.size()) * size_of(x.dtype);
  ASSERT_TRUE(bytes == 0 || std::memcmp(x.data, y.data, bytes) == 0) << what;
}

std::vector<Array> arguments_for(uint32_t seed, bool rows, int64_t m, DType dtype) {
  random::seed(seed);
  const int64_t n = 3 + seed % 5;
  const Array x = astype(random::randn({m, n}), dtype);
  std::vector<Array> arguments = {rows ? x : x.T() + 0.0,
                                  astype(random::randn({n, n}), dtype) * 0.5,
                                  astype(random::randn({1, n}), dtype)};
  for (const Array& a : arguments) a.eval();
  return arguments;
}

// Of the steps that run on whole arrays because a tile is not enough, how many have each reason.
void count_fallbacks(const PlanReport& report, std::map<std::string, int>* counts) {
  for (const PlanReport::Stage& stage : report.stages)
    for (const auto& [step, why] : stage.before)
      if (!why.empty()) ++(*counts)[why];
}

class RandomPrograms : public testing::TestWithParam<int> {};

TEST_P(RandomPrograms, AgreeWithLoopWhateverTheThreads) {
  std::map<std::string, int> fallbacks;
  for (uint32_t seed = GetParam() * 20; seed < static_cast<uint32_t>(GetParam()) * 20 + 20;
       ++seed) {
    for (bool rows : {true, false}) {
      const DType dtype = seed % 3 == 0 ? DType::float32 : DType::float64;
      const RandomProgram program(seed, rows);
      const int64_t m = std::vector<int64_t>{1, 17, 1024, 1025, 2049, 3333, 5000}[seed % 7];
      const auto arguments = arguments_for(seed, rows, m, dtype);
      const std::vector<int> axes = {rows ? 0 : 1, -1, -1};
      const std::string what = "program " + std::to_string(seed) + (rows ? " rows" : " columns");
      const auto expected = run("loop", program, arguments, axes);
      const WithExecutor with_executor("fused");
      const CompiledFunction compiled = compile(program, {axes});
      std::vector<Array> first;
      for (int threads : {1, 2, 3, 4}) {
        const WithThreads with_threads(threads);
        const auto actual = compiled(arguments);
        ASSERT_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i) {
          const std::string result = what + " result " + std::to_string(i);
          expect_close(actual[i], expected[i], dtype == DType::float64 ? 1e-11 : 2e-4, result);
          if (!first.empty()) expect_same_bits(actual[i], first[i], result);
        }
        first = actual;
      }
      count_fallbacks(compiled.report(arguments), &fallbacks);
    }
  }
  for (const auto& [why, count] : fallbacks)
    std::cout << count << " steps on whole arrays: " << why << '\n';
}

// The same elements, as row-major order has them or otherwise.
Array laid_out(const Array& a, int how) {
  Array lies = a;
  if (how == 1) lies = (a.T() + 0.0).T();
  if (how == 2)
    lies =
        (a[{slice({}, {}, -1), slice({}, {}, -1)}] + 0.0)[{slice({}, {}, -1), slice({}, {}, -1)}];
  if (how == 3) lies = concatenate({a, a}, 1)[{slice(), slice(0, a.shape(1))}];
  lies.eval();
  return lies;
}

TEST_P(RandomPrograms, HaveTheSameBitsHoweverArgumentsLieInOneRunAndTheNext) {
  const WithExecutor with("fused");
  for (uint32_t seed = GetParam() * 20; seed < static_cast<uint32_t>(GetParam()) * 20 + 20;
       ++seed) {
    const bool rows = seed % 2 == 0;
    const DType dtype = seed % 3 == 0 ? DType::float32 : DType::float64;
    const RandomProgram program(seed, rows);
    const std::vector<int> axes = {rows ? 0 : 1, -1, -1};
    const auto compiled = compile(program, {axes});
    for (int64_t m : {1200, 300, 1, 1200}) {
      const auto given = arguments_for(seed, rows, m, dtype);
      const auto expected = run("fused", program, given, axes);
      for (int how : {0, 1, 2, 3, 0}) {
        std::vector<Array> arguments = given;
        for (Array& a : arguments) a = laid_out(a, how);
        const auto actual = compiled(arguments);
        for (std::size_t i = 0; i < actual.size(); ++i)
          expect_same_bits(actual[i], expected[i],
                           fmt::format("program {} m {} how {} result {}", seed, m, how, i));
      }
    }
  }
}

class WithTile {
 public:
  explicit WithTile(int samples) {
    if (const char* tile = std::getenv("LANEWISE_TILE")) previous_ = tile;
    setenv("LANEWISE_TILE", std::to_string(samples).c_str(), 1);
  }
  ~WithTile() { setenv("LANEWISE_TILE", previous_.c_str(), 1); }

 private:
  std::string previous_ = "0";
};

// A reduction over the samples has the bits of the whole-array kernel, whoever reduced which part.
void expect_same_folds(const std::function<std::vector<Array>(const Array&, int axis)>& folds,
                       DType dtype) {
  random::seed(3);
  for (bool rows : {true, false}) {
    const int axis = rows ? 0 : 1;
    const Array x = astype(random::randn(rows ? Shape{70'001, 5} : Shape{5, 70'001}), dtype) * 30.0;
    const auto program = [&](const std::vector<Array>& a) -> std::vector<Array> {
      return folds(a[0] * 2.0 + 1e4, axis);
    };
    const auto expected = run("vectorized", program, {x}, {axis});
    for (auto [threads, tile] :
         {std::pair{1, 16}, {1, 256}, {2, 48}, {2, 1024}, {3, 16}, {3, 256}, {4, 48}, {4, 1024}}) {
      const WithThreads with_threads(threads);
      const WithTile with_tile(tile);
      const auto actual = run("fused", program, {x}, {axis});
      for (std::size_t i = 0; i < actual.size(); ++i)
        expect_same_bits(actual[i], expected[i],
                         std::to_string(threads) + " threads, tile " + std::to_string(tile));
    }
  }
}

TEST(Sweep, VarianceDependsOnTheNumberOfSamplesAlone) {
  for (DType dtype : {DType::float32, DType::float64})
    expect_same_folds([](const Array& x, int axis) { return std::vector{var(x, axis)}; }, dtype);
}

// Results that no cache holds leave strip by strip, after rows, columns and numbers; a feature
// after the other where features lie apart and nothing else is to do.
TEST(Sweep, LargeResultsHaveTheBitsOfWholeArrays) {
  random::seed(3);
  for (int axis : {0, 1}) {
    const Shape shape = axis == 0 ? Shape{180'001, 50} : Shape{50, 180'001};
    const Array x = astype(random::randn(shape), DType::float32), y = x * 3.0;
    const Function standardised = [axis](const std::vector<Array>& a) -> std::vector<Array> {
      return {(a[0] - mean(a[0], axis, true)) / std(a[0], axis, true), a[0] * a[1]};
    };
    const Function mixed = [axis](const std::vector<Array>& a) -> std::vector<Array> {
      const Array &x = a[0], centred = x - mean(x, axis, true), longest = max(x, 1 - axis, true);
      return {centred / std(x, axis, true), a[1] * 2.0,
              where(x > 0.5, x, longest) - centred * longest};
    };
    eval(x, y);
    for (const Function& program : {standardised, mixed}) {
      const auto expected = run("vectorized", program, {x, y}, {axis, axis});
      for (int threads : {1, 2}) {
        const WithThreads with_threads(threads);
        const auto actual = run("fused", program, {x, y}, {axis, axis});
        for (std::size_t i = 0; i < actual.size(); ++i)
          expect_same_bits(actual[i], expected[i],
                           fmt::format("axis {}, result {}, {} threads", axis, i, threads));
      }
    }
  }
}

// Ties and NaNs lie in blocks of different threads.
TEST(Sweep, TheFirstOfTheBestSamplesIsFound) {
  const auto spread = [](const Array& x, int axis, bool with_nan) {
    const Array few = floor(x / 60.0);
    return with_nan ? where(few == max(few, axis, true) - 1, sqrt(-1.0 - abs(few)), few) : few;
  };
  for (DType dtype : {DType::float32, DType::float64})
    for (bool with_nan : {false, true})
      expect_same_folds(
          [&](const Array& x, int axis) {
            const Array values = spread(x, axis, with_nan);
            return std::vector{argmax(values, axis), argmin(values, axis)};
          },
          dtype);
}

TEST(Sweep, TheKBestSamplesAreFound) {
  for (DType dtype : {DType::float32, DType::float64, DType::int32})
    for (bool largest : {false, true})
      for (int64_t k : {1, 10, 2000}) {
        if (k > 1024 && dtype != DType::float32) continue;  // more than a block holds: takes long
        expect_same_folds(
            [&](const Array& x, int axis) {
              const TopK best = top_k(astype(floor(x / 60.0), dtype), k, axis, largest);
              return std::vector{best.indices, best.values};
            },
            dtype);
      }
}

TEST(Sweep, TheKBestLieAlongTheAxisOfTheSamples) {
  random::seed(3);
  const Array x = random::randn({3, 5000, 4});
  const auto program = [](const std::vector<Array>& a) -> std::vector<Array> {
    const auto [values, indices] = top_k(a[0] * 2.0, 7, 1);
    return {values, indices, top_k(a[0] * 2.0, 2, 2).indices, top_k(a[0] * 2.0, 2, 0).values};
  };
  const auto expected = run("loop", program, {x}, {1});
  for (int tile : {1, 2, 7, 256}) {
    const WithTile with_tile(tile);
    const auto actual = run("fused", program, {x}, {1});
    for (std::size_t i = 0; i < actual.size(); ++i)
      expect_same_bits(actual[i], expected[i], "result " + std::to_string(i));
  }
}

TEST(Sweep, OnePlanServesEveryNumberOfSamplesFromK) {
  const auto nearest = compile(
      [](const std::vector<Array>& a) -> std::vector<Array> {
        const auto [values, indices] = top_k(matmul(a[0], a[1]), 10, 0);
        return {values, indices};
      },
      {{0, -1}});
  random::seed(3);
  const Array x = random::randn({5000, 3}), q = random::randn({3, 2});
  {
    const WithExecutor with("fused");
    const PlanReport::Stage stage = nearest.report({x, q}).stages.at(0);
    EXPECT_EQ(stage.read_bytes, 24);
    EXPECT_EQ(stage.written_bytes, 0);
  }
  for (int64_t m : {10, 11, 1023, 1024, 1025, 5000}) {
    const Array some = x[slice(0, m)];
    const auto best = nearest({some, q});
    const WithExecutor with("loop");
    const auto expected = nearest({some, q});
    for (std::size_t i = 0; i < best.size(); ++i)
      expect_close(best[i], expected[i], 1e-12, std::to_string(m) + " samples");
  }
  try {
    nearest({x[slice(0, 9)], q});
    FAIL() << "9 samples have no 10 best";
  } catch (const ShapeError& error) {
    EXPECT_NE(std::string(error.what()).find("k is 10, but axis 0 of (9, 2) has only 9 elements"),
              std::string::npos)
        << error.what();
  }
}

// Rows that meet no other row have the same bits in any company.
TEST(Sweep, ARowAloneHasTheBitsOfTheBatch) {
  for (DType dtype : {DType::float32, DType::float64}) {
    random::seed(3);
    const Array x = astype(random::randn({3000, 37}), dtype);
    const Array w = astype(random::randn({37, 21}), dtype),
                v = astype(random::randn({21, 1}), dtype);
    eval(x, w, v);
    const auto network = compile(
        [](const std::vector<Array>& a) -> std::vector<Array> {
          const Array hidden = softmax(tanh(matmul(a[0], a[1])), -1);
          return {sigmoid(matmul(hidden, a[2])), std(hidden, 1), argmax(hidden, 1)};
        },
        {{0, -1, -1}});
    const WithExecutor with("fused");
    const auto batch = network({x, w, v});
    for (int64_t row : {0, 1, 1023, 1024, 1500, 2999})
      for (int64_t count : {1, 2, 33}) {
        if (row + count > 3000) continue;
        const auto some = network({x[slice(row, row + count)], w, v});
        for (std::size_t i = 0; i < batch.size(); ++i)
          expect_same_bits(some[i], batch[i][slice(row, row + count)],
                           std::to_string(count) + " rows from " + std::to_string(row));
      }
  }
}

TEST(Sweep, AnArgumentMayLieOtherwiseInTheNextRun) {
  const auto f = compile(
      [](const std::vector<Array>& a) {
        return std::vector<Array>{sum(exp(a[0]) * a[0], 0), exp(a[1] * 2 + 1) * a[1]};
      },
      {.sample_axis = {0}});
  Generator g(5);
  const Array x = g.randn({2000, 3}), w = g.randn({4, 4});
  for (const Array& lies : {w, transpose(w), w, transpose(w)}) {
    eval({lies});
    EXPECT_EQ(f({x, lies})[1].to_vector<double>(), (exp(lies * 2 + 1) * lies).to_vector<double>());
  }
}

TEST(Sweep, ASumBesideAProductIsNoBiasOfIt) {
  random::seed(3);
  const Array w = random::randn({4, 4}), b = random::randn({4});
  eval(w, b);
  const auto program = [](const std::vector<Array>& a) -> std::vector<Array> {
    const Array product = matmul(a[0], a[1]), left = a[2] + a[0], right = a[0] + a[2];
    const Array result = product * left, loss = sum(square(product * right));
    const auto slopes = gradients(loss, std::vector<Array>{a[1], a[2]});
    return {result, maximum(matmul(a[0], a[1] * 2.0) * right, 0.0), slopes[0], slopes[1]};
  };
  for (int64_t m : {32, 2000}) {
    const Array x = random::randn({m, 4}).eval();
    const auto expected = run("loop", program, {x, w, b}, {0, -1, -1});
    const auto actual = run("fused", program, {x, w, b}, {0, -1, -1});
    for (std::size_t i = 0; i < actual.size(); ++i)
      expect_close(actual[i], expected[i], 1e-12, "result " + std::to_string(i));
  }
}

TEST(Sweep, DropoutDrawsTheSameNumbersInTilesAsWhole) {
  const auto draw = compile(
      [](const std::vector<Array>& a) -> std::vector<Array> {
        const Array kept = random::counter_uniform(Array(int64_t{7}), a[0]) >= 0.25;
        return {where(kept, a[0] * 2.0, 0.0)};
      },
      {{0}});
  const auto columns = compile(
      [](const std::vector<Array>& a) -> std::vector<Array> {
        return {random::counter_uniform(Array(int64_t{7}), a[0]) * 2.0 + a[0]};
      },
      {{1}});
  const Array x = ones({5000, 6});
  const WithExecutor with("fused");
  const Array swept = draw({x})[0], turned = columns({ones({6, 5000})})[0];
  set_executor("vectorized");
  expect_same_bits(swept, draw({x})[0], "rows");
  expect_same_bits(turned, columns({ones({6, 5000})})[0], "columns");
}

INSTANTIATE_TEST_SUITE_P(All, RandomPrograms, testing::Range(0, 10));

}  // namespace
}  // namespace lanewise
