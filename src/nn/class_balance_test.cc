#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/error.h"
#include "lanewise/losses.h"
#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;
using testing::ThrowsMessage;

const std::vector<int32_t> kLabels = {0, 0, 0, 1, 0, 2, 1, 0};

TEST(ClassBalance, SharesAndWeights) {
  const std::vector<double> shares = class_shares(kLabels, 4);
  EXPECT_THAT(shares, ElementsAre(0.625, 0.25, 0.125, 0));
  EXPECT_THAT(balanced_weights(shares), ElementsAre(0.4, 1, 2, 0));
  EXPECT_THAT([] { class_shares(kLabels, 2); },
              ThrowsMessage<ValueError>("class_shares: label 2 of 2 classes; they count from 0"));
  EXPECT_THAT([] { class_shares({}, 2); }, ThrowsMessage<ValueError>(HasSubstr("no labels")));
}

// With balanced weights every class weighs the same in sum.
TEST(ClassBalance, WeightsOfSamples) {
  const Array classes = array(kLabels, {8});
  const Array w = weights_of_classes(classes, balanced_weights(class_shares(kLabels, 3)));
  EXPECT_EQ(w.shape(), (Shape{8}));
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(sum(where(classes == k, w, 0.0)).item(), 8.0 / 3, 1e-6);
}

// Exact logits of a rare class, corrected, are those of classes that are equally common.
TEST(ClassBalance, AdjustedLogitsForgetHowCommonClassesAre) {
  const std::vector<double> shares = {0.9, 0.09, 0.01};
  const Array likelihoods = array({{0.2, 0.3, 0.5}, {0.6, 0.1, 0.3}}, DType::float64);
  const Array logits = log(likelihoods * array({0.9, 0.09, 0.01}, DType::float64));
  const Array expected = likelihoods / sum(likelihoods, 1, true);
  EXPECT_THAT(softmax(adjust_logits(logits, shares, -1)).to_vector<double>(),
              Pointwise(DoubleNear(1e-14), expected.to_vector<double>()));
  EXPECT_THAT(adjust_logits(logits.T(), shares, -1, Layout::columns).T().to_vector<double>(),
              Pointwise(DoubleNear(1e-14), adjust_logits(logits, shares, -1).to_vector<double>()));
}

TEST(ClassBalance, OneLogitIsShiftedByTheOdds) {
  const Array logit = array({1.5, -2}, DType::float64).reshape({2, 1});
  const std::vector<double> shares = {0.8, 0.2};
  const Array first = adjust_logits(logit, shares)[0];
  EXPECT_NEAR(first.item(), 1.5 + std::log(0.25), 1e-15);
  EXPECT_THAT(
      [&] {
        adjust_logits(logit, std::vector<double>{0.1, 0.4, 0.5});
      },
      ThrowsMessage<ShapeError>("adjust_logits: 3 shares for logits (2, 1)"));
  EXPECT_THAT(
      [&] {
        adjust_logits(logit, std::vector<double>{1, 0});
      },
      ThrowsMessage<ValueError>(HasSubstr("has the share 0, expected > 0")));
}

}  // namespace
}  // namespace lanewise::nn
