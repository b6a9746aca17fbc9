// Steps of sessions drawn at random: new state made of old state and of a batch, some of it written
// over the old. Whatever lies over what, the state is that of the executor that copies everything.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "array/testing.h"
#include "base/testing.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

constexpr int64_t kSize = 9;
constexpr std::size_t kStates = 4;

using Combine = Array (*)(const Array&, const Array&, const Array&);

constexpr Combine kCombine[] = {
    [](const Array& a, const Array& b, const Array&) { return a + b; },
    [](const Array& a, const Array& b, const Array&) { return a * b; },
    [](const Array& a, const Array& b, const Array& c) { return a * 0.5 + b * 0.25 - c; },
    [](const Array& a, const Array& b, const Array&) { return a / (1 + abs(b)); },
    [](const Array& a, const Array& b, const Array& c) { return where(a < 0.3, c, -b); },
    [](const Array& a, const Array& b, const Array&) { return maximum(a, b.T()); },
    [](const Array& a, const Array&, const Array&) { return a.T(); },
    [](const Array& a, const Array& b, const Array&) { return matmul(a, b) / kSize; },
    [](const Array& a, const Array& b, const Array&) { return a + sum(b, 0); },
    [](const Array& a, const Array& b, const Array&) { return tanh(a) - mean(b, 1, true); },
    [](const Array& a, const Array& b, const Array&) { return a[slice({}, {}, -1)] * b; },
    [](const Array& a, const Array&, const Array&) {
      return reshape(reshape(a, {-1}) + 1, {kSize, kSize});
    },
    [](const Array& a, const Array& b, const Array&) {
      return astype(astype(a, DType::float32), a.dtype()) + b;
    },
    [](const Array& a, const Array& b, const Array&) {
      return concatenate({b[slice(0, 2)], a[slice(2)]}, 0);
    },
};

Session::Step random_step(uint32_t seed) {
  return [seed](const std::vector<Array>& state, const std::vector<Array>& batch,
                const std::vector<Array>& scalars) {
    std::mt19937 draw(seed);
    std::vector<Array> pool = state;
    pool.push_back(matmul(batch[0].T(), tanh(matmul(batch[0], state[0]))) / 100.0);
    pool.push_back(state[1] * astype(scalars[0], DType::float32));
    const auto any = [&]() -> const Array& { return pool[draw() % pool.size()]; };
    for (auto n = 3 + draw() % 8; n > 0; --n) {
      const Combine combine = kCombine[draw() % std::size(kCombine)];
      const Array a = any(), b = any(), c = any();
      pool.push_back(combine(a, b, c));
    }
    Session::Result result;
    // Often the last ones, sometimes state as it is, or in another place.
    for (std::size_t k = 0; k < kStates; ++k) {
      const Array& next = draw() % 3 ? pool[pool.size() - 1 - draw() % 4] : any();
      const bool is_old = draw() % 4 == 0;
      result.state.push_back(is_old ? next : next / (1 + abs(next)) + state[k] * 0.01);
    }
    // Also what is a number of the state, old or new, or of what came in.
    result.metrics = {mean(matmul(batch[0], any())), any()[2][3], scalars[0]};
    return result;
  };
}

// After each run of a few steps: the state, then the metrics.
std::vector<std::vector<double>> run(uint32_t seed) {
  random::seed(seed);
  std::vector<Array> state;
  for (std::size_t k = 0; k < kStates; ++k) state.push_back(random::randn({kSize, kSize}));
  const Array x = random::randn({70, kSize});
  Session session(random_step(seed), state);
  std::vector<std::vector<double>> values;
  std::vector<int64_t> shuffled;
  for (int64_t k = 0; k < 70; ++k) shuffled.push_back((k * 37 + 5) % 70);
  const auto scalars = [](int64_t step) { return std::vector{1 / (1.0 + step)}; };
  for (const Batches& batches :
       {Batches{{}, 70}, {shuffled, 16}, {{}, 35}, {shuffled, 70}, {{}, 7}}) {
    const auto metrics = session.run(std::span(&x, 1), batches, scalars);
    for (const Array& a : session.state()) values.push_back(a.to_vector<double>());
    values.push_back(metrics);
  }
  return values;
}

bool is_close(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b)) ||
         std::abs(a - b) <= 1e-5 * std::max(1.0, std::abs(b));
}

TEST(RandomSessions, HaveTheStateOfLoop) {
  constexpr uint32_t kSessions = 300;
  std::vector<std::vector<std::vector<double>>> expected;
  {
    const WithExecutor with("loop");
    for (uint32_t seed = 0; seed < kSessions; ++seed) expected.push_back(run(seed));
  }
  for (const char* executor : {"vectorized", "fused"})
    for (int threads : {1, 2}) {
      const WithExecutor with_executor(executor);
      const WithThreads with_threads(threads);
      for (uint32_t seed = 0; seed < kSessions; ++seed) {
        const auto actual = run(seed);
        ASSERT_EQ(actual.size(), expected[seed].size());
        for (std::size_t k = 0; k < actual.size(); ++k) {
          ASSERT_EQ(actual[k].size(), expected[seed][k].size());
          for (std::size_t i = 0; i < actual[k].size(); ++i)
            ASSERT_TRUE(is_close(actual[k][i], expected[seed][k][i]))
                << fmt::format("session {} {}, {} threads: value {} at {} is {}, loop {}", seed,
                               executor, threads, k, i, actual[k][i], expected[seed][k][i]);
        }
      }
    }
}

}  // namespace
}  // namespace lanewise
