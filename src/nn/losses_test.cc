#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/error.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Array column(std::initializer_list<double> values) {
  return array(values, DType::float64).reshape({-1, 1});
}

const Array kLogits = column({-3, 0, 0.5, 4});
const Array kTargets = column({0, 1, 0, 1});

TEST(BinaryCrossEntropy, FromLogitsIsThatOfProbabilities) {
  const double expected = (std::log1p(std::exp(-3.0)) + std::log(2) + std::log1p(std::exp(0.5)) +
                           std::log1p(std::exp(-4.0))) /
                          4;
  EXPECT_NEAR(binary_cross_entropy_with_logits(kLogits, kTargets).item(), expected, 1e-15);
  EXPECT_NEAR(binary_cross_entropy(sigmoid(kLogits), kTargets).item(), expected, 1e-15);
}

TEST(BinaryCrossEntropy, FromLogitsStaysFiniteFarOut) {
  const Array logits = column({-1e4, 1e4}), wrong = column({1, 0});
  EXPECT_EQ(binary_cross_entropy_with_logits(logits, wrong).item(), 1e4);
  const Array slope = gradients(binary_cross_entropy_with_logits(logits, wrong), {{logits}})[0];
  EXPECT_EQ(slope.to_vector<double>(), (std::vector<double>{-0.5, 0.5}));
}

TEST(BinaryCrossEntropy, ProbabilitiesAreClipped) {
  EXPECT_NEAR(binary_cross_entropy(column({0, 1}), column({1, 0})).item(), -std::log(1e-8), 1e-12);
  const Array certain = astype(column({0, 1}), DType::float32);
  EXPECT_TRUE(std::isfinite(binary_cross_entropy(certain, column({1, 0})).item()));
}

TEST(SoftmaxCrossEntropy, TakesClassesOneHotsAndColumns) {
  const Array logits = array({{1, 2, 3}, {0, 0, 0}}, DType::float64);
  const Array classes = array<int64_t>(std::vector<int64_t>{2, 0}, {2});
  const Array one_hot = array({{0, 0, 1}, {1, 0, 0}}, DType::float64);
  const double expected =
      (std::log(std::exp(1.0) + std::exp(2.0) + std::exp(3.0)) - 3 + std::log(3.0)) / 2;
  EXPECT_NEAR(softmax_cross_entropy(logits, classes).item(), expected, 1e-15);
  EXPECT_NEAR(softmax_cross_entropy(logits, one_hot).item(), expected, 1e-15);
  EXPECT_NEAR(softmax_cross_entropy(logits.T(), classes, nullptr, Layout::columns).item(), expected,
              1e-15);
  EXPECT_NEAR(softmax_cross_entropy(logits * 1e5, classes).item(), std::log(3.0) / 2, 1e-12);
}

TEST(Losses, AWeightOfTwoCountsASampleTwice) {
  const Array weights = array({1, 2, 0, 1}, DType::float64);
  const Array logits = column({-3, 0, 0, 4}), targets = column({0, 1, 1, 1});
  EXPECT_NEAR(binary_cross_entropy_with_logits(kLogits, kTargets, &weights).item(),
              binary_cross_entropy_with_logits(logits, targets).item(), 1e-15);
  EXPECT_NEAR(mean_squared_error(kLogits, kTargets, &weights).item(),
              mean_squared_error(logits, targets).item(), 1e-15);
}

TEST(Losses, WeightsOfZeroGiveZero) {
  const Array weights = zeros({4}, DType::float64);
  EXPECT_EQ(mean_squared_error(kLogits, kTargets, &weights).item(), 0);
}

// (4, 1) and (4,) would broadcast to all pairs.
TEST(Losses, RefuseTargetsOfAnotherShape) {
  const Array flat = kTargets.reshape({4});
  EXPECT_THAT([&] { mean_squared_error(kLogits, flat); },
              ThrowsMessage<ShapeError>(HasSubstr("reshape the targets to (4, 1)")));
  const Array weights = ones({3});
  EXPECT_THAT([&] { mean_squared_error(kLogits, kTargets, &weights); },
              ThrowsMessage<ShapeError>(HasSubstr("3 weights for 4 samples")));
}

}  // namespace
}  // namespace lanewise::nn
