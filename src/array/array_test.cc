#include "lanewise/array.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <sstream>
#include <thread>

#include "array/testing.h"
#include "base/tensor.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using Values = std::vector<double>;

TEST(Array, ComputesLazily) {
  const Array a = array({{1, 2, 3}, {4, 5, 6}});
  const Array b = a * 2 + array({10, 20, 30});
  EXPECT_FALSE(b.is_evaluated());
  EXPECT_EQ(b.to_vector<double>(), (Values{12, 24, 36, 18, 30, 42}));
  EXPECT_TRUE(b.is_evaluated());
}

TEST(Array, IsSharedByThreads) {
  for (int time = 0; time < 200; ++time) {
    const Array x = array({1, 2, 3}, DType::float64) * 2.0, y = exp(x * 0.5);
    std::atomic<int> wrong = 0;
    const auto expect = [&](bool right) { wrong += !right; };
    std::vector<std::thread> threads;
    threads.emplace_back([&] { expect(y.to_vector<double>()[0] == std::exp(1.0)); });
    threads.emplace_back([&] { expect((y * 2.0)[0].item() == 2 * std::exp(1.0)); });
    threads.emplace_back([&] { expect(!y.is_evaluated() || y[1].item() == std::exp(2.0)); });
    threads.emplace_back([&] {
      const auto f = compile([&](const auto& a) { return std::vector{a[0] * y}; }, {{0}});
      expect(f({ones({2, 3}, DType::float64)})[0].shape() == Shape{2, 3});
    });
    threads.emplace_back([&] {
      const auto slope = grad([](const auto& a) { return sum(a[0] * a[0]); });
      expect(slope({y})[0][0].item() == 2 * std::exp(1.0));
    });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(wrong, 0);
  }
}

// Memory that is lent goes back when evaluation drops the last array that reads it.
TEST(Array, MayBeEvaluatedWhereLentMemoryGoesBack) {
  const float lent[] = {1, 2};
  double seen = 0;
  const Array other = array({3, 4}) + 1;
  Array y;
  {
    const std::shared_ptr<void> owner(nullptr, [&](void*) { seen = sum(other * 2).item(); });
    y = asarray(lent, DType::float32, {2}, {1}, owner) * 2;
  }
  EXPECT_EQ(y.to_vector<double>(), (Values{2, 4}));
  EXPECT_EQ(seen, 18);
}

#ifndef __SANITIZE_THREAD__
TEST(Array, AForkedChildEvaluates) {
  std::atomic<bool> done = false;
  std::thread busy([&] {
    for (int i = 0; !done; ++i) (array({1, 2}) + i).eval();
  });
  for (int time = 0; time < 20; ++time) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // rather than wait for ever
      _exit(sum(array({1, 2}) * 2).item() == 6 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
  }
  done = true;
  busy.join();
}
#endif

TEST(Array, OtherHandlesStayPending) {
  const Array a = array({1, 2, 3});
  const Array b = exp(a), c = b + 1;
  eval(c);
  EXPECT_TRUE(c.is_evaluated());
  EXPECT_FALSE(b.is_evaluated());
}

TEST(Array, NumbersAreWeak) {
  EXPECT_EQ((array({1, 2}) * 2.5).dtype(), DType::float32);
  EXPECT_EQ((array({1, 2}, DType::int8) * 2).dtype(), DType::int8);
  EXPECT_EQ((array({1, 2}, DType::int8) * 2.0).dtype(), DType::float64);
  EXPECT_EQ((array({1, 0}, DType::bool_) + 1).dtype(), DType::int64);
  EXPECT_EQ((Array(1) + 2.0).dtype(), DType::float64);
  EXPECT_EQ((astype(Array(1), DType::float64) * array({1, 2})).dtype(), DType::float64);
}

TEST(Array, AnyNumberOfCppIsAScalar) {
  const Array x = array({6.0});
  const std::vector<int> three(3);
  const long long four = 4;
  EXPECT_EQ((x / three.size()).item(), 2);
  EXPECT_EQ((x * 2u + four).dtype(), DType::float32);
  EXPECT_EQ(Array(true).dtype(), DType::bool_);
  EXPECT_THROW(Array(uint64_t{1} << 63), ValueError);
  static_assert(!std::is_convertible_v<const char*, Array>);
}

TEST(Array, ListsAreVectorsOrRows) {
  EXPECT_EQ(array({1, 2.5}).shape(), (Shape{2}));
  EXPECT_EQ(array({{1.0}, {2.0}}).shape(), (Shape{2, 1}));
  EXPECT_EQ(array({{1, 2, 3}}).shape(), (Shape{1, 3}));
}

TEST(Array, SlicesAreViewsWithPythonsRules) {
  const Array a = arange(0, 10);
  EXPECT_EQ(a[slice(2, 8, 3)].to_vector<double>(), (Values{2, 5}));
  EXPECT_EQ((a[slice({}, {}, -4)].to_vector<double>()), (Values{9, 5, 1}));
  EXPECT_EQ(a[slice(-3, 100)].to_vector<double>(), (Values{7, 8, 9}));
  EXPECT_EQ(a[slice(5, 2)].size(), 0);
  EXPECT_EQ(a[-1].item<int>(), 9);
  EXPECT_THROW(a[10], IndexError);
  const Array m = a.reshape({2, 5});
  const Array corner = m[{1, slice(1, 3)}];
  const Array column = m[{slice(), 4}];
  const Array added = m[{slice(), new_axis(), slice(0, 1)}];
  EXPECT_EQ(corner.to_vector<double>(), (Values{6, 7}));
  EXPECT_EQ(column.to_vector<double>(), (Values{4, 9}));
  EXPECT_EQ(added.shape(), (Shape{2, 1, 1}));
}

TEST(Array, StepsOfASliceMayHaveAnySize) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max(),
                    kLeast = std::numeric_limits<int64_t>::min();
  const Array a = arange(0, 10);
  EXPECT_EQ(a[slice({}, {}, kMost)].to_vector<double>(), (Values{0}));
  EXPECT_EQ(a[slice({}, {}, kLeast)].to_vector<double>(), (Values{9}));
  EXPECT_EQ(a[slice(2, {}, kMost)].to_vector<double>(), (Values{2}));
  EXPECT_EQ(a[slice(2, 2, kLeast)].size(), 0);
  EXPECT_EQ(a[slice(kLeast, kMost, 9)].to_vector<double>(), (Values{0, 9}));
  Array b = a;
  b.assign({slice({}, {}, kLeast)}, Array(5));
  EXPECT_EQ(b[-1].item<int>(), 5);
}

TEST(Array, EmptyRowsAreTaken) {
  EXPECT_EQ(take(zeros({0, 100}), zeros({0}, DType::int64), 0).eval().shape(), (Shape{0, 100}));
}

TEST(Array, ThreadsShareItsValues) {
  const Array a = transpose(arange(0, 6).reshape({2, 3})).eval();
  const auto strides = a.tensor().strides;
  std::vector<const int64_t*> data(4);
  std::vector<std::thread> threads;
  for (const int64_t*& mine : data)
    threads.emplace_back([&] {
      mine = a.data<int64_t>();
      EXPECT_EQ(a.to_vector<double>(), (Values{0, 3, 1, 4, 2, 5}));
    });
  for (std::thread& thread : threads) thread.join();
  for (const int64_t* mine : data) EXPECT_EQ(mine, a.data<int64_t>());
  EXPECT_EQ(std::vector<int64_t>(data[0], data[0] + 6), (std::vector<int64_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(a.tensor().strides, strides);
}

TEST(Array, AssignRebindsTheHandleAlone) {
  Array a = arange(0, 6).reshape({2, 3});
  const Array view = a[0];
  a.assign({0, slice({}, {}, 2)}, array({-1, -2}, DType::int64));
  EXPECT_EQ(a.to_vector<double>(), (Values{-1, 1, -2, 3, 4, 5}));
  EXPECT_EQ(view.to_vector<double>(), (Values{0, 1, 2}));
}

TEST(Array, LongChainsEvaluateThemselves) {
  Array x = array({0.0, 1.0}, DType::float64);
  for (int i = 0; i < 100000; ++i) x = x + 1;
  EXPECT_EQ(x.to_vector<double>(), (Values{100000, 100001}));
}

TEST(Array, ReductionsOfNothing) {
  const Array none = zeros({0, 3});
  EXPECT_EQ(sum(none, 0).to_vector<double>(), (Values{0, 0, 0}));
  EXPECT_EQ(prod(none).item(), 1);
  EXPECT_TRUE(std::isnan(mean(none).item()));
  EXPECT_THROW(max(none, 0), ValueError);
  EXPECT_EQ(max(none, 1).size(), 0);
}

TEST(Array, ProductsOfEveryRank) {
  const Array m = arange(0, 6).reshape({2, 3}), v = arange(0, 3);
  EXPECT_EQ(matmul(m, v).to_vector<double>(), (Values{5, 14}));
  EXPECT_EQ(matmul(v, m.T()).to_vector<double>(), (Values{5, 14}));
  EXPECT_EQ(matmul(v, v).item(), 5);
  const Array batch = arange(0, 24).reshape({2, 3, 4});
  EXPECT_EQ(matmul(batch, ones({4, 1}, DType::int64)).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(dot(m, arange(0, 24).reshape({2, 3, 4})).shape(), (Shape{2, 2, 4}));
  EXPECT_THROW(matmul(m, m), ShapeError);
}

TEST(Array, TakeChecksIndicesWhenItReads) {
  const Array x = array({10, 20, 30});
  EXPECT_EQ(take(x, array({-1, 0}, DType::int64), 0).to_vector<double>(), (Values{30, 10}));
  const Array outside = take(x, array({3}, DType::int64), 0);
  EXPECT_THROW(outside.eval(), IndexError);
  EXPECT_THROW(take(x, array({0.5}), 0), DTypeError);
}

TEST(Array, PrintsAsRowsInBrackets) {
  std::ostringstream out;
  out << array({{1, 2.5}, {-3, 4}});
  EXPECT_EQ(out.str(), "[[ 1. 2.5]\n [-3.  4.]]");
  EXPECT_EQ(to_string(arange(0, 3)), "[0 1 2]");
}

TEST(Array, RandomStreamIsNumPys) {
  Generator g(42);
  EXPECT_EQ(g.rand({2}).to_vector<double>(), (Values{0.3745401188473625, 0.9507143064099162}));
  Generator n(42);
  EXPECT_EQ(n.randn({3}).to_vector<double>(),
            (Values{0.4967141530112327, -0.13826430117118466, 0.6476885381006925}));
}

TEST(Gradients, FollowTheChainRule) {
  const Array x = array({1, 2, 3}, DType::float64), w = array({0.5}, DType::float64);
  const Array loss = sum(square(x * w));
  const Array wrt[] = {x, w};
  const auto g = gradients(loss, wrt);
  EXPECT_EQ(g[0].to_vector<double>(), (Values{0.5, 1, 1.5}));
  EXPECT_EQ(g[1].to_vector<double>(), (Values{14}));
}

TEST(Gradients, OfGradients) {
  const auto f = [](const std::vector<Array>& a) { return sum(power(a[0], 3)); };
  const auto df = grad(f);
  const auto ddf = grad([&](const std::vector<Array>& a) { return sum(df(a)[0]); });
  EXPECT_EQ(ddf({array({1, 2}, DType::float64)})[0].to_vector<double>(), (Values{6, 12}));
}

TEST(Gradients, ForgottenOperationsAreNamed) {
  const Array x = array({1, 2, 3});
  const Array loss = sum(exp(x));
  loss.eval();
  const Array wrt[] = {x};
  EXPECT_THROW(gradients(loss, wrt), ValueError);
}

TEST(Gradients, AnArgumentThatDoesNotMatterHasNoSlope) {
  const auto f = [](const std::vector<Array>& a) { return sum(exp(a[0])); };
  const Array x = (array({1, 2}) * 2).eval();
  EXPECT_EQ(grad(f)({x, array({3})})[1].to_vector<double>(), (Values{0}));
}

TEST(Gradients, ValuesCannotBeReadWhileTracing) {
  const auto f = [](const std::vector<Array>& a) { return Array(exp(a[0]).item()); };
  EXPECT_THROW(grad(f)({array({1})}), ValueError);
}

TEST(Array, IntegersKeepAllTheirDigits) {
  constexpr int64_t kLarge = (int64_t{1} << 53) + 1;
  EXPECT_EQ(full({2}, kLarge, DType::int64)[1].item<int64_t>(), kLarge);
  EXPECT_EQ(Array(kLarge).item<int64_t>(), kLarge);
  EXPECT_EQ(full({2}, 3).dtype(), DType::float32);
  EXPECT_EQ(full({}, 2.75, DType::float64).item<int>(), 2);
  EXPECT_TRUE(full({}, 0.5).item<bool>());
}

TEST(Array, ThatWasMovedFromIsRefused) {
  Array a = array({1, 2});
  const Array b = std::move(a);
  const auto use = [&](const std::function<void(const Array&)>& f) {
    return error_of([&] { f(a); });  // NOLINT(bugprone-use-after-move)
  };
  for (const auto& f : {std::function<void(const Array&)>([](const Array& x) { x.size(); }),
                        std::function<void(const Array&)>([](const Array& x) { x.eval(); }),
                        std::function<void(const Array&)>([](const Array& x) { x + 1; }),
                        std::function<void(const Array&)>([](const Array& x) { x[0]; })})
    EXPECT_NE(use(f).find("moved from"), std::string::npos) << use(f);
  a = b;
  EXPECT_EQ(a.size(), 2);
}

TEST(Array, BorrowsOnlyWhatFits) {
  const float values[] = {1, 2, 3};
  EXPECT_THROW(asarray(values, DType::float32, {3}, {}), ValueError);
  EXPECT_THROW(asarray(values, DType::float32, {-3}, {1}), ValueError);
  EXPECT_THROW(asarray(nullptr, DType::float32, {3}, {1}), ValueError);
  EXPECT_EQ(asarray(nullptr, DType::float32, {0}, {1}).size(), 0);
}

TEST(Strict, RaisesOnSilentMistakes) {
  set_strict_shapes(true);
  EXPECT_THROW(zeros({4}) + zeros({4, 1}), ShapeError);
  EXPECT_NO_THROW(zeros({4}) + zeros({3, 4}));
  set_strict_shapes(false);
  EXPECT_EQ((zeros({4}) + zeros({4, 1})).shape(), (Shape{4, 4}));
}

}  // namespace
}  // namespace lanewise
