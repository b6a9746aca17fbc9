#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/error.h"
#include "lanewise/nn.h"

namespace lanewise::nn {
namespace {

using Labels = std::vector<int32_t>;
using Values = std::vector<double>;

TEST(Metrics, AccuracyIsTheShareOfHits) {
  EXPECT_EQ(accuracy(Labels{0, 1, 2, 1}, Labels{0, 1, 1, 1}), 0.75);
  EXPECT_TRUE(std::isnan(accuracy(Labels{}, Labels{})));
  EXPECT_THROW(accuracy(Labels{0}, Labels{}), ValueError);
}

TEST(Metrics, AucIsTheShareOfPairsInOrder) {
  EXPECT_EQ(auc(Labels{0, 0, 1, 1}, Values{0.1, 0.4, 0.35, 0.8}), 0.75);
  EXPECT_EQ(auc(Labels{0, 1}, Values{0.2, 0.1}), 0);
  EXPECT_EQ(auc(Labels{0, 1, 0, 1}, Values{3, 3, 3, 3}), 0.5);  // ties count half
  EXPECT_EQ(auc(Labels{0, 1, 1}, Values{1, 1, 2}), 0.75);
  EXPECT_TRUE(std::isnan(auc(Labels{1, 1}, Values{1, 2})));
  EXPECT_TRUE(std::isnan(auc(Labels{0, 1}, Values{std::nan(""), 2})));
}

TEST(Metrics, LogLossChargesTheTrueClass) {
  EXPECT_DOUBLE_EQ(log_loss(Labels{0, 1}, Values{0.8, 0.2, 0.5, 0.5}, 2),
                   -(std::log(0.8) + std::log(0.5)) / 2);
  EXPECT_TRUE(std::isfinite(log_loss(Labels{0}, Values{0, 1}, 2)));
  EXPECT_THROW(log_loss(Labels{2}, Values{0.5, 0.5}, 2), ValueError);
}

TEST(Metrics, CalibrationErrorIsTheGapOfConfidenceAndHits) {
  // Four answers at 0.75: three hits are calibrated, none is off by 0.75.
  const Values sure = {0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25};
  EXPECT_DOUBLE_EQ(calibration_error(Labels{0, 0, 0, 1}, sure, 2), 0);
  EXPECT_DOUBLE_EQ(calibration_error(Labels{1, 1, 1, 1}, sure, 2), 0.75);
  EXPECT_TRUE(std::isnan(calibration_error(Labels{0}, Values{std::nan(""), 0.5}, 2)));
}

TEST(Metrics, RmseAndR2) {
  const Values targets = {1, 2, 3}, predictions = {1, 2, 6};
  EXPECT_DOUBLE_EQ(rmse(targets, predictions), std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(r2(targets, predictions), 1 - 9.0 / 2);
  EXPECT_DOUBLE_EQ(r2(targets, Values{2, 2, 2}), 0);
  EXPECT_TRUE(std::isnan(r2(Values{1, 1}, Values{1, 1})));
}

}  // namespace
}  // namespace lanewise::nn
