// Functions that are traced once: compiled ones, and the steps of sessions.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "array/testing.h"
#include "base/tensor.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using Values = std::vector<double>;

TEST(Compile, ConstantsMadeWithinAFunctionStillGiveOnePlan) {
  const auto f = compile(
      [](const std::vector<Array>& a) {
        return std::vector<Array>{a[0] * array({1, 2, 3}) +
                                  take(a[0], array({2, 0, 1}).astype(DType::int64), 1)};
      },
      {.sample_axis = {0}});
  for (int64_t m : {1, 5, 2000}) EXPECT_EQ(f({ones({m, 3})})[0].shape(), (Shape{m, 3}));
  EXPECT_EQ(f.plan_count(), 1);
}

TEST(Compile, OnePlanServesEveryNumberOfSamples) {
  const auto f = compile(
      [](const std::vector<Array>& a) {
        return std::vector<Array>{mean(square(a[0] - mean(a[0], 0)), 0), sum(a[0], 1)};
      },
      {.sample_axis = {0}});
  for (int64_t m : {0, 1, 2, 17, 1000}) {
    Generator g(1);
    const Array x = g.randn({m, 3});
    const auto out = f({x});
    EXPECT_EQ(out[1].shape(), (Shape{m}));
    if (m > 0) {
      const Values expected = var(x, 0).to_vector<double>();
      const Values got = out[0].to_vector<double>();
      for (int i = 0; i < 3; ++i) EXPECT_NEAR(got[i], expected[i], 1e-15);
    }
  }
  EXPECT_EQ(f.plan_count(), 1);
}

TEST(Compile, ExtentsInTheProgramGetPlansOfTheirOwn) {
  const auto f = compile(
      [](const std::vector<Array>& a) {
        return std::vector<Array>{sum(a[0]) / static_cast<double>(a[0].shape(0))};
      },
      {.sample_axis = {0}});
  EXPECT_EQ(f({array({1, 2, 3})})[0].item(), 2);
  EXPECT_EQ(f({array({1, 2, 3, 6})})[0].item(), 3);
  EXPECT_EQ(f.plan_count(), 2);
}

TEST(Compile, ConcatenationAlongTheSamples) {
  const auto f = compile(
      [](const std::vector<Array>& a) {
        return std::vector<Array>{concatenate({a[0], a[0], zeros({1, 2})}, 0)};
      },
      {.sample_axis = {0}});
  EXPECT_EQ(f({ones({2, 2})})[0].shape(), (Shape{5, 2}));
  EXPECT_EQ(f({ones({7, 2})})[0].shape(), (Shape{15, 2}));
  EXPECT_EQ(f.plan_count(), 1);
}

// The same with a sample axis as eagerly, in whatever order the numbers of samples come.
void expect_as_eager(const Function& f, std::initializer_list<int64_t> numbers) {
  const auto compiled = compile(f, {.sample_axis = {0}});
  for (int64_t m : numbers) {
    const Array x = Generator(1).randn({m, 2}).eval();
    std::string eager, error;
    std::vector<Array> expected, results;
    try {
      expected = f({x});
    } catch (const Error& e) {
      eager = e.what();
    }
    for (int time = 0; time < 2; ++time) {
      try {
        results = compiled({x});
        error.clear();
      } catch (const Error& e) {
        error = e.what();
      }
      ASSERT_EQ(error, eager) << m << " samples";
      if (!eager.empty()) continue;
      for (std::size_t k = 0; k < results.size(); ++k) {
        EXPECT_EQ(results[k].shape(), expected[k].shape()) << m << " samples";
        const Values a = results[k].to_vector<double>(), b = expected[k].to_vector<double>();
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12) << m;
      }
    }
  }
}

TEST(Compile, IndicesAlongFewSamplesAreCutOffOrRefused) {
  const std::vector<Index> indices = {slice(0, 10),
                                      slice(-3),
                                      slice(5, 2, -1),
                                      slice(1, -1),
                                      slice(4),
                                      slice(-5, 3),
                                      slice(3, -5),
                                      slice(900'000),
                                      slice(0, 900'000),
                                      slice({}, {}, -1),
                                      slice(-2, {}, -1),
                                      slice(0, 2'000'000),
                                      slice(-3'000'000),
                                      slice({}, {}, 2),
                                      3,
                                      -4,
                                      1000};
  for (const Index& index : indices)
    expect_as_eager(
        [&](const std::vector<Array>& a) {
          return std::vector{a[0][index] * 2.0, concatenate({a[0][index], a[0][index]}),
                             gradients(sum(square(a[0][index])), std::vector{a[0]})[0]};
        },
        {2, 20, 0, 3, 4, 5, 6, 1, 1500});
}

TEST(Compile, PartsOfFewSamplesAreJoined) {
  const auto rolled = [](const Array& x) { return concatenate({x[slice(3)], x[slice(0, 3)]}); };
  expect_as_eager(
      [&](const std::vector<Array>& a) {
        return std::vector{rolled(a[0]),
                           gradients(sum(square(rolled(a[0]))), std::vector{a[0]})[0]};
      },
      {50, 2, 3, 0, 4, 1});
}

TEST(Compile, AssignsAtAPositionThatFewSamplesHaveNot) {
  expect_as_eager(
      [](const std::vector<Array>& a) {
        Array x = a[0];
        x.assign({7}, 1.0);
        return std::vector{x};
      },
      {8, 7, 1, 100});
}

TEST(Compile, TheLargestOfNoSamplesIsRefused) {
  const Function largest[] = {
      [](const std::vector<Array>& a) { return std::vector{max(a[0], 0)}; },
      [](const std::vector<Array>& a) { return std::vector{argmin(a[0], 0)}; },
      [](const std::vector<Array>& a) { return std::vector{max(a[0][slice(2)], 0)}; },
      [](const std::vector<Array>& a) { return std::vector{min(a[0])}; }};
  for (const Function& f : largest) expect_as_eager(f, {3, 0, 2, 1});
}

TEST(Compile, AProgramMayBranchOnTheNumberOfSamples) {
  const auto branch = [](const std::vector<Array>& a) {
    const int64_t m = a[0].shape(0);
    return std::vector{m >= 100 ? mean(a[0], 0) : sum(a[0], 0), m % 2 ? a[0] : -a[0],
                       sum(a[0]) / static_cast<double>(std::min<int64_t>(m, 100))};
  };
  expect_as_eager(branch, {100, 3, 4, 99, 1000, 1001, 2});
  expect_as_eager(
      [](const std::vector<Array>& a) { return std::vector{squeeze(sum(a[0], 1, true))}; },
      {2, 1, 3});
}

TEST(Compile, OnePlanServesAllNumbersButThoseOfAnotherProgram) {
  const auto f = compile(
      [](const std::vector<Array>& a) { return std::vector{a[0][slice(0, 10)] + 1.0}; }, {{0}});
  for (int64_t m : {10, 11, 500, 10}) f({ones({m})});
  EXPECT_EQ(f.plan_count(), 1);
  for (int64_t m : {9, 3, 9, 20}) f({ones({m})});
  EXPECT_EQ(f.plan_count(), 3);
}

TEST(Compile, AFunctionMayTakeOnlyTheSamplesThatAreGiven) {
  const auto sum_of =
      compile([](const std::vector<Array>& a) { return std::vector{a[0] + a[1]}; }, {{0, -1}});
  const Array x = ones({3, 2}), w = ones({3, 2});
  for (int time = 0; time < 2; ++time)
    EXPECT_EQ(sum_of({x, w})[0].to_vector<double>(), Values(6, 2));
  const auto fours = compile(
      [](const std::vector<Array>& a) {
        return std::vector{reshape(a[0], {-1, 4})};
      },
      {{0}});
  for (int64_t m : {2, 4, 2}) EXPECT_EQ(fours({ones({m, 2})})[0].shape(), (Shape{m / 2, 4}));
  EXPECT_EQ(fours.plan_count(), 2);
}

TEST(Compile, ErrorsTellOfTheSamplesThatAreGiven) {
  const auto product = compile(
      [](const std::vector<Array>& a) { return std::vector{matmul(a[0], a[1])}; }, {{0, -1}});
  const Array x = ones({3, 2}), w = ones({4, 5});
  const std::string expected = error_of([&] { matmul(x, w); });
  EXPECT_NE(expected.find("(3, 2)"), std::string::npos) << expected;
  for (int time = 0; time < 2; ++time) EXPECT_EQ(error_of([&] { product({x, w}); }), expected);
  EXPECT_EQ(product({x, ones({2, 1})})[0].shape(), (Shape{3, 1}));
  EXPECT_NE(error_of([&] { product({Array(1.0), w}); }).find("compile"), std::string::npos);
}

TEST(Compile, AFunctionThatFailedOnceIsPlannedForEveryNumberOfSamples) {
  bool fails = true;
  const auto f = compile(
      [&](const std::vector<Array>& a) {
        if (fails) throw ValueError("not yet");
        return std::vector{a[0] * 2.0};
      },
      {{0}});
  EXPECT_EQ(error_of([&] { f({ones({3})}); }), "not yet");
  fails = false;
  for (int64_t m : {3, 4, 5}) f({ones({m})});
  EXPECT_EQ(f.plan_count(), 1);
}

TEST(Compile, RefusesAFunctionThatIsEmpty) {
  const std::string repair = ": the function is empty; pass one that can be called";
  EXPECT_EQ(error_of([] { compile(Function()); }), "compile" + repair);
  EXPECT_EQ(error_of([] { grad(ScalarFunction()); }), "grad" + repair);
  EXPECT_EQ(error_of([] { value_and_grad(ScalarFunction()); }), "value_and_grad" + repair);
  EXPECT_EQ(error_of([] { Predictor(Predictor::Answer(), 3); }), "Predictor" + repair);
  EXPECT_EQ(error_of([] { Session(Session::Step(), {}); }), "Session" + repair);
}

TEST(Compile, WhatWasMovedFromStillRuns) {
  auto f = compile([](const std::vector<Array>& a) { return std::vector{a[0] * 2.0}; });
  const auto g = std::move(f);
  EXPECT_EQ(f({array({1})})[0].item(), g({array({1})})[0].item());  // NOLINT
  Predictor p([](const Array& x) { return x; }, 3);
  const Predictor q = std::move(p);
  EXPECT_EQ(p.features(), q.features());  // NOLINT
}

TEST(Session, RefusesASampleAxisBelowZero) {
  const auto step = [](const std::vector<Array>& s, const std::vector<Array>&,
                       const std::vector<Array>&) {
    return Session::Result{s, {}};
  };
  EXPECT_THROW(Session(step, {Array(0.0)}, {.sample_axis = -1}), ValueError);
}

TEST(Session, TheLastBatchMayBeShort) {
  const auto step = [](const std::vector<Array>& s, const std::vector<Array>& batch,
                       const std::vector<Array>&) {
    return Session::Result{{s[0] + sum(batch[0][slice(0, 4)])}, {}};
  };
  const Array data[] = {ones({10, 1})};
  Session session(step, {Array(0.0)});
  session.run(data, {{}, 8});
  EXPECT_EQ(session.state()[0].item(), 6);
}

TEST(Session, RunsStepsOnBatchesAndOwnsItsState) {
  const Array w = zeros({2}, DType::float64);
  Session session(
      [](const std::vector<Array>& state, const std::vector<Array>& batch,
         const std::vector<Array>& scalars) {
        const Array loss = mean(square(matmul(batch[0], state[0]) - batch[1]));
        const Array wrt[] = {state[0]};
        return Session::Result{{state[0] - scalars[0] * gradients(loss, wrt)[0]}, {loss}};
      },
      {w});
  Generator g(3);
  const Array X = g.randn({100, 2});
  const Array y = matmul(X, array({1, -2}, DType::float64)).eval();
  const Array data[] = {X, y};
  std::vector<int64_t> order = g.permutation(100).to_vector<int64_t>();
  for (int epoch = 0; epoch < 30; ++epoch)
    session.run(data, {order, 32}, [](int64_t) { return std::vector<double>{0.1}; });
  EXPECT_EQ(session.steps(), 30 * 4);
  const Values weights = session.state()[0].to_vector<double>();
  EXPECT_NEAR(weights[0], 1, 1e-3);
  EXPECT_NEAR(weights[1], -2, 1e-3);
  EXPECT_THROW(w.to_vector<double>(), ValueError);
  EXPECT_THROW(w + 1, ValueError);
}

TEST(Session, StateMayChangePlaces) {
  Session session(
      [](const std::vector<Array>& s, const std::vector<Array>&, const std::vector<Array>&) {
        return Session::Result{{s[1], s[0]}, {}};
      },
      {array({1}), array({2})});
  const Array data[] = {zeros({3, 1})};
  session.run(data, {{}, 1});
  EXPECT_EQ(session.state()[0].item(), 2);
  EXPECT_EQ(session.state()[1].item(), 1);
}

TEST(Session, StateMayBeMadeOfItselfInAnotherOrder) {
  constexpr int64_t kSize = 30;
  const auto step = [](const std::vector<Array>& state, const std::vector<Array>& batch,
                       const std::vector<Array>&) {
    const Array ones = matmul(batch[0].T(), exp(batch[0] - 1)) / 40;
    return Session::Result{{state[0].T() + ones, state[1][slice({}, {}, -1)] + ones[0]}, {}};
  };
  const Array w = reshape(arange(0, kSize * kSize, 1, DType::float64), {kSize, kSize});
  const Array v = arange(0, kSize, 1, DType::float64);
  const auto turned = (w.T() + 1).to_vector<double>();
  const auto reversed = (v[slice({}, {}, -1)] + 1).to_vector<double>();
  Session session(step, {w, v});
  const Array data[] = {ones({40, kSize})};
  session.run(data, {});
  EXPECT_EQ(session.state()[0].to_vector<double>(), turned);
  EXPECT_EQ(session.state()[1].to_vector<double>(), reversed);
}

// Numbers lie where those of the step before did, unless they have become state.
TEST(Session, StateMayBeANumberOfAnEarlierStep) {
  Session session(
      [](const std::vector<Array>& s, const std::vector<Array>&,
         const std::vector<Array>& numbers) {
        return Session::Result{{numbers[0], s[0], s[1] + numbers[0]}, {}};
      },
      {Array(0.0), Array(0.0), Array(0.0)});
  const Array data[] = {zeros({4, 1})};
  session.run(data, {{}, 1}, [](int64_t step) { return std::vector{10.0 * step}; });
  EXPECT_EQ(session.state()[0].item(), 40);
  EXPECT_EQ(session.state()[1].item(), 30);
  EXPECT_EQ(session.state()[2].item(), 60);
}

// A step that updates its state last writes it over the old; one that fails leaves the old.
TEST(Session, AStepThatFailsLeavesItsState) {
  Session session(
      [](const std::vector<Array>& s, const std::vector<Array>& batch, const std::vector<Array>&) {
        return Session::Result{{s[0] * 2 + sum(take(s[0], batch[0]))}, {}};
      },
      {array({1, 2}, DType::float64)});
  const Array good[] = {array({0, 1, 1}, DType::int64)}, bad[] = {array({0, 1, 7}, DType::int64)};
  session.run(good, {});
  EXPECT_EQ(session.state()[0].to_vector<double>(), (Values{7, 9}));
  EXPECT_THROW(session.run(bad, {}), IndexError);
  EXPECT_EQ(session.state()[0].to_vector<double>(), (Values{7, 9}));
  session.run(good, {});
  EXPECT_EQ(session.state()[0].to_vector<double>(), (Values{39, 43}));
}

#if defined(__x86_64__)
TEST(Session, TakesDenormalsForZeroUnlessTold) {
  constexpr int64_t kMany = 300'000;  // so that threads share them
  const auto half = [](const std::vector<Array>& s, const std::vector<Array>&,
                       const std::vector<Array>&) {
    return Session::Result{{s[0] * 0.5}, {}};
  };
  const Array data[] = {zeros({1, 1})};
  for (bool flush : {true, false}) {
    SessionOptions options;
    options.flush_denormals = flush;
    Session session(half, {full({kMany}, 2.4e-38, DType::float32)}, options);
    session.run(data, {});
    EXPECT_EQ(sum(session.state()[0] > 0).item(), kMany);
    session.run(data, {});
    EXPECT_EQ(sum(session.state()[0] > 0).item(), flush ? 0 : kMany);
    const Array outside = full({kMany}, 1.2e-38, DType::float32) * 0.5;
    EXPECT_EQ(sum(outside > 0).item(), kMany);
  }
}
#endif

TEST(Executors, AreNamed) {
  EXPECT_THROW(set_executor("warp"), ValueError);
  EXPECT_GE(executors().size(), 2u);
}

}  // namespace
}  // namespace lanewise
