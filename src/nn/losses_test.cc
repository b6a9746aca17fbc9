#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/error.h"
#include "lanewise/losses.h"
#include "lanewise/ops.h"
#include "nn/golden.h"
#include "nn/layer_checks_test.h"

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

TEST(SoftmaxCrossEntropy, RefusesClassesThatThereAreNot) {
  for (const int64_t wrong : {-1, 3}) {
    const Array classes = array<int64_t>(std::vector<int64_t>{2, wrong}, {2});
    for (const Layout layout : {Layout::rows, Layout::columns}) {
      const Array logits = zeros(layout == Layout::rows ? Shape{2, 3} : Shape{3, 2});
      EXPECT_THROW(softmax_cross_entropy(logits, classes, nullptr, layout).item(), IndexError);
    }
  }
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

LossOptions options_of(const nlohmann::json& golden) {
  LossOptions o;
  o.smoothing = golden.value("smoothing", o.smoothing);
  o.focus = golden.value("focus", o.focus);
  o.delta = golden.value("delta", o.delta);
  o.quantile = golden.value("quantile", o.quantile);
  return o;
}

// See tests/golden/make_layers_torch.py.
TEST(Losses, ArePyTorchs) {
  const nlohmann::json file = golden_file("layers_torch.json");
  for (const auto& golden : file["losses"]) {
    const std::string what = golden["loss"].get<std::string>() + golden["options"].dump();
    const auto matrix = [](const nlohmann::json& values, int64_t columns) {
      const auto all = values.get<std::vector<double>>();
      return array(all, {static_cast<int64_t>(all.size()) / columns, columns});
    };
    const Loss loss = loss_from_name(golden["loss"].get<std::string>());
    const Array output = matrix(golden["output"], golden["columns"]);
    Array targets = matrix(golden["targets"], 1), weights;
    if (loss == Loss::softmax_cross_entropy) targets = astype(ravel(targets), DType::int64);
    const bool weighted = golden["options"].contains("class_weights");
    if (weighted)
      weights = weights_of_classes(targets,
                                   golden["options"]["class_weights"].get<std::vector<double>>());
    const auto value = [&](const Array& z, Layout layout) {
      const bool turned = layout == Layout::columns && loss != Loss::softmax_cross_entropy;
      return loss_of(loss, z, turned ? targets.T() : targets, weighted ? &weights : nullptr, layout,
                     options_of(golden["options"]));
    };
    const Array rows = value(output, Layout::rows);
    EXPECT_NEAR(rows.item(), golden["value"], 1e-12) << what;
    EXPECT_NEAR(value(output.T(), Layout::columns).item(), golden["value"], 1e-12) << what;
    expect_near(numbers(gradients(value(output, Layout::rows), Arrays{output})),
                golden["slopes"].get<std::vector<double>>(), 1e-12, what);
    check_gradients([&](const Arrays& a) { return value(a[0], Layout::rows); }, {output});
  }
}

TEST(Losses, StayFiniteFarOut) {
  const Array far = column({-1e4, 1e4, -1e4, 1e4, 0}), Y = column({0, 1, 1, 0, 1});
  const Array pairs = concatenate({far, -far}, 1);
  const Array classes = astype(ravel(Y), DType::int64);
  for (const DType dtype : {DType::float32, DType::float64})
    for (const double smoothing : {0.0, 0.1})
      for (const double focus : {0.0, 0.5, 1.0, 2.0}) {
        const LossOptions o{.smoothing = smoothing, .focus = focus};
        const auto expect_finite = [&](const Array& z, auto&& loss) {
          const Array value = loss(z);
          const Array slopes = gradients(value, Arrays{z})[0];
          EXPECT_TRUE(std::isfinite(value.item())) << focus << " " << smoothing;
          for (double slope : slopes.to_vector<double>())
            EXPECT_TRUE(std::isfinite(slope)) << focus << " " << smoothing;
        };
        expect_finite(astype(far, dtype), [&](const Array& z) {
          return binary_cross_entropy_with_logits(z, Y, nullptr, o);
        });
        expect_finite(astype(pairs, dtype), [&](const Array& z) {
          return softmax_cross_entropy(z, classes, nullptr, Layout::rows, o);
        });
        expect_finite(astype(far * 1e30, dtype), [&](const Array& z) { return huber_loss(z, Y); });
        expect_finite(astype(far * 1e30, dtype),
                      [&](const Array& z) { return quantile_loss(z, Y); });
      }
}

TEST(Losses, FocusZeroIsTheCrossEntropy) {
  const LossOptions almost{.focus = 1e-12};
  EXPECT_NEAR(binary_cross_entropy_with_logits(kLogits, kTargets, nullptr, almost).item(),
              binary_cross_entropy_with_logits(kLogits, kTargets).item(), 1e-10);
  const Array logits = array({{1, 2, 3}, {0, -1, 0}}, DType::float64);
  const Array classes = array<int64_t>(std::vector<int64_t>{2, 0}, {2});
  EXPECT_NEAR(softmax_cross_entropy(logits, classes, nullptr, Layout::rows, almost).item(),
              softmax_cross_entropy(logits, classes).item(), 1e-10);
}

// One logit is a pair of which the first is 0.
TEST(Losses, TwoClassesAreOneLogit) {
  const Array pairs = concatenate({zeros_like(kLogits), kLogits}, 1);
  const Array classes = astype(ravel(kTargets), DType::int64);
  for (const LossOptions& o :
       {LossOptions{}, LossOptions{.smoothing = 0.2}, LossOptions{.focus = 2}})
    EXPECT_NEAR(binary_cross_entropy_with_logits(kLogits, kTargets, nullptr, o).item(),
                softmax_cross_entropy(pairs, classes, nullptr, Layout::rows, o).item(), 1e-14);
}

TEST(Quantile, IsLeastAtTheQuantile) {
  const Array targets = arange(0, 101, 1, DType::float64).reshape({-1, 1});
  const auto loss_at = [&](double guess) {
    return quantile_loss(full({101, 1}, guess, DType::float64), targets, nullptr, 0.9).item();
  };
  EXPECT_LT(loss_at(90), loss_at(89));
  EXPECT_LT(loss_at(90), loss_at(91));
}

TEST(Losses, OneRowAndNone) {
  const Array one = column({2}), y = column({1});
  EXPECT_DOUBLE_EQ(huber_loss(one, y).item(), 0.5);
  EXPECT_DOUBLE_EQ(huber_loss(one * 3, y, nullptr, 2).item(), 2 * (5 - 1));
  EXPECT_DOUBLE_EQ(quantile_loss(one, y, nullptr, 0.9).item(), 0.1);
  const Array none = zeros({0, 1}, DType::float64);
  EXPECT_TRUE(std::isnan(huber_loss(none, none).item()));  // the mean of nothing, as NumPy's
}

TEST(Losses, OptionsOutOfRangeAreNamed) {
  EXPECT_THAT([] { LossOptions{.smoothing = 1}.validate(); },
              ThrowsMessage<ValueError>("smoothing is 1, expected 0 ≤ smoothing < 1"));
  EXPECT_THAT([] { LossOptions{.focus = std::nan("")}.validate(); },
              ThrowsMessage<ValueError>("focus is nan, expected a number ≥ 0 (0: off)"));
  EXPECT_THAT([] { huber_loss(kLogits, kTargets, nullptr, 0); },
              ThrowsMessage<ValueError>("delta is 0, expected a number > 0"));
  EXPECT_THAT([] { quantile_loss(kLogits, kTargets, nullptr, 1); },
              ThrowsMessage<ValueError>("quantile is 1, expected 0 < quantile < 1"));
  EXPECT_THAT([] { loss_from_name("hinge"); },
              ThrowsMessage<ValueError>(HasSubstr("huber, quantile")));
}

}  // namespace
}  // namespace lanewise::nn
