#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <random>
#include <thread>

#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using testing::HasSubstr;

// A network 20 -> 33 -> 3 with weights of its own.
Predictor::Answer network(DType dtype) {
  Generator generator(7);
  const Array w1 = astype(generator.randn({20, 33}), dtype),
              b1 = astype(generator.randn({33}), dtype),
              w2 = astype(generator.randn({33, 3}), dtype),
              b2 = astype(generator.randn({3}), dtype);
  eval(std::vector<Array>{w1, b1, w2, b2});
  return [=](const Array& x) { return softmax(matmul(tanh(matmul(x, w1) + b1), w2) + b2, 1); };
}

Array samples(int64_t rows, DType dtype) {
  const Array x = astype(Generator(3).randn({rows, 20}), dtype);
  x.eval();
  return x;
}

template <class T>
class PredictorOf : public testing::Test {};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(PredictorOf, Floats);

TYPED_TEST(PredictorOf, RowsHaveTheBitsOfTheFunctionAloneAndAmongOthers) {
  using T = TypeParam;
  const auto f = network(dtype_of<T>);
  const Predictor predictor(f, 20, dtype_of<T>);
  EXPECT_EQ(predictor.features(), 20);
  EXPECT_EQ(predictor.outputs(), 3);
  const Array x = samples(3000, dtype_of<T>);
  const auto expected = f(x).template to_vector<T>();
  EXPECT_EQ(predictor(x).template to_vector<T>(), expected);
  const auto values = x.template to_vector<T>();
  for (int64_t batch : {1, 2, 15, 16, 17, 33, 1025}) {
    std::vector<T> out(expected.size());
    for (int64_t row = 0; row < 3000; row += batch) {
      const int64_t count = std::min<int64_t>(batch, 3000 - row);
      predictor.predict_into(values.data() + row * 20, 20, 1, count, out.data() + row * 3);
    }
    EXPECT_EQ(out, expected) << "in batches of " << batch;
  }
}

TEST(Predictor, ReadsAnyStrides) {
  const auto f = network(DType::float32);
  const Predictor predictor(f, 20);
  const Array x = samples(40, DType::float32);
  const auto expected = f(x).to_vector<float>();
  const auto columns = transpose(x).to_vector<float>();  // (20, 40): a feature after the other
  std::vector<float> out(expected.size());
  predictor.predict_into(columns.data(), 1, 40, 40, out.data());
  EXPECT_EQ(out, expected);
  const auto values = x.to_vector<float>();  // from the last row to the first
  predictor.predict_into(values.data() + 39 * 20, -20, 1, 40, out.data());
  for (std::size_t row = 0; row < 40; ++row)
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(out[row * 3 + k], expected[(39 - row) * 3 + k]);
  predictor.predict_into(values.data(), 0, 1, 5, out.data());  // one row, five times
  for (std::size_t k = 0; k < 15; ++k) EXPECT_EQ(out[k], expected[k % 3]);
}

// A row alone meets weights of bfloat16 in half the memory, and large ones packed.
TEST(Predictor, WeightsOfBFloat16GiveTheBitsOfFloat32) {
  Generator generator(5);
  for (int64_t units : {33, 900}) {
    std::vector<Array> w = {generator.randn({20, units}), generator.randn({units, units}),
                            generator.randn({units, 3})};
    for (Array& x : w) x = round_to_bfloat16(astype(x, DType::float32));
    const Array b = astype(generator.randn({units}), DType::float32);
    b.eval();
    const auto f = [&](const Array& x) {
      return matmul(maximum(matmul(maximum(matmul(x, w[0]) + b, 0.0), w[1]) + b, 0.0), w[2]);
    };
    const Array x = samples(33, DType::float32);
    const std::vector<float> expected = f(x).to_vector<float>(), rows = x.to_vector<float>();
    const Predictor predictor(f, 20);
    EXPECT_EQ(predictor(x).to_vector<float>(), expected);
    std::vector<float> out(expected.size());
    for (std::size_t i = 0; i < 33; ++i)
      predictor.predict_into(rows.data() + i * 20, 20, 1, 1, out.data() + i * 3);
    EXPECT_EQ(out, expected) << units << " units";
  }
}

TEST(Predictor, NoRowsGiveNoResults) {
  const Predictor predictor(network(DType::float32), 20);
  predictor.predict_into(static_cast<const float*>(nullptr), 20, 1, 0, nullptr);
  EXPECT_EQ(predictor(zeros({0, 20}, DType::float32)).shape(), (Shape{0, 3}));
}

#if defined(__SANITIZE_THREAD__)
constexpr int kAnswersOfAThread = 2'000;
#elif defined(__SANITIZE_ADDRESS__)
constexpr int kAnswersOfAThread = 20'000;
#else
constexpr int kAnswersOfAThread = 125'000;
#endif

TEST(Predictor, AnswersManyThreadsAtOnce) {
  const auto f = network(DType::float32);
  const Predictor predictor(f, 20);
  constexpr int64_t kRows = 4000;
  const auto values = samples(kRows, DType::float32).to_vector<float>();
  const auto expected = f(samples(kRows, DType::float32)).to_vector<float>();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 draw(t);
      for (int i = 0; i < kAnswersOfAThread; ++i) {
        const int64_t row = draw() % kRows;
        float out[3];
        predictor.predict_into(values.data() + row * 20, 20, 1, 1, out);
        wrong += !std::equal(out, out + 3, expected.data() + row * 3);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Predictor, WeightsThatAreComputedFromCapturedOnesAreNoConstants) {
  const Array w = Generator(1).randn({4, 4}), mask = full({4, 4}, 0.5);
  eval(std::vector<Array>{w, mask});
  const auto f = [=](const Array& x) { return matmul(x, w * mask); };
  const Predictor predictor(f, 4, DType::float64);
  const Array x = Generator(2).randn({50, 4});
  for (int time = 0; time < 2; ++time)
    EXPECT_EQ(predictor(x).to_vector<double>(), f(x).to_vector<double>());
}

template <class E>
std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const E& e) {
    return e.what();
  }
  return "no error";
}

TEST(Predictor, RefusesFunctionsThatMakeNoRowASample) {
  EXPECT_THAT(message<ShapeError>([] { Predictor([](const Array& x) { return sum(x); }, 3); }),
              HasSubstr("makes () of one sample, expected (1, outputs)"));
  EXPECT_THAT(
      message<ShapeError>([] { Predictor([](const Array& x) { return sum(x, 0, true); }, 3); }),
      HasSubstr("a row a sample"));
  EXPECT_THAT(message<DTypeError>(
                  [] { Predictor([](const Array& x) { return astype(x, DType::float64); }, 3); }),
              HasSubstr("makes float64 of float32; use astype"));
  EXPECT_THAT(message<ValueError>([] { Predictor([](const Array& x) { return x; }, 0); }),
              HasSubstr("0 features, expected 1 or more"));
  EXPECT_THAT(
      message<DTypeError>([] { Predictor([](const Array& x) { return x; }, 1, DType::int32); }),
      HasSubstr("expected float32 or float64"));
}

TEST(Predictor, RefusesFunctionsThatIndexMoreSamplesThanThereAre) {
  EXPECT_THAT(message<IndexError>([] { Predictor([](const Array& x) { return x - x[1]; }, 3); }),
              HasSubstr("index 1 is out of range for axis 0 with extent 1"));
  EXPECT_THAT(message<ValueError>(
                  [] { Predictor([](const Array& x) { return x + mean(x[slice(-3)], 0); }, 2); }),
              HasSubstr("makes another program of 2 rows than of many"));
}

TEST(Predictor, RoundsToBFloat16) {
  const Array x = array(std::vector<float>{1.0f, 1.00390625f, -1.01171875f, 3.4e38f, 0.0f}, {5});
  EXPECT_EQ(
      round_to_bfloat16(x).to_vector<float>(),
      (std::vector<float>{1.0f, 1.0f, -1.015625f, std::numeric_limits<float>::infinity(), 0.0f}));
  EXPECT_EQ(round_to_bfloat16(ones({2, 0, 3}, DType::float32)).shape(), (Shape{2, 0, 3}));
  EXPECT_THAT(message<DTypeError>([] { round_to_bfloat16(ones({2}, DType::float64)); }),
              HasSubstr("x is float64, expected float32"));
}

TEST(Predictor, RefusesOtherSamples) {
  const Predictor predictor(network(DType::float32), 20);
  EXPECT_THAT(message<ShapeError>([&] {
                predictor(zeros({2, 19}));
              }),
              HasSubstr("samples of shape (2, 19), expected (m, 20)"));
  const double x[20] = {};
  double out[3];
  EXPECT_THAT(message<DTypeError>([&] { predictor.predict_into(x, 20, 1, 1, out); }),
              HasSubstr("the samples are float64, the predictor was made for float32"));
}

}  // namespace
}  // namespace lanewise
