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

constexpr int64_t kRows = 300;

// y = 1 where x₀ > x₁, and a validation set of the same kind.
FitData problem(uint32_t seed) {
  Generator generator(seed);
  const Array X = astype(generator.randn({kRows, 2}), DType::float32).eval();
  const Array x0 = X[{slice(), slice(0, 1)}], x1 = X[{slice(), slice(1, 2)}];
  return {X, astype(x0 > x1, DType::float32).eval(), {}};
}

const Sequential kNetwork(2, {dense(8, Activation::tanh), dense(1)});

std::vector<Array> start(const Sequential& network = kNetwork) {
  Generator generator(1);
  std::vector<Array> values;
  for (const Parameter& p : network.init(generator)) values.push_back(p.value);
  return values;
}

FitOptions options(int epochs) {
  FitOptions o;
  o.optimizer.learning_rate = 0.02;
  o.epochs = epochs;
  o.batch = 32;
  return o;
}

std::vector<double> numbers(const std::vector<Array>& arrays) {
  std::vector<double> all;
  for (const Array& a : arrays)
    for (double x : a.to_vector<double>()) all.push_back(x);
  return all;
}

double loss_of(const std::vector<Array>& parameters, const FitData& data) {
  return binary_cross_entropy_with_logits(kNetwork(parameters, data.x), data.y).item();
}

TEST(Fit, AccumulatedBatchesAreOneOfAllTheirRows) {
  const auto trained = [](int64_t batch, int64_t accumulate) {
    FitOptions o = options(3);
    o.batch = batch;
    o.accumulate = accumulate;
    return numbers(fit(kNetwork, start(), problem(0), nullptr, o).parameters);
  };
  EXPECT_EQ(trained(32, 4), trained(128, 1));
  EXPECT_EQ(trained(128, 1000), trained(0, 1));
  EXPECT_THROW(trained(32, 0), ValueError);
}

// What accumulation means: the mean of gradients, each weighed by the rows of its batch.
TEST(Fit, AStepOfSeveralBatchesTakesTheMeanOfTheirGradients) {
  const FitData train = problem(0);
  const auto gradient = [&](int64_t from, int64_t to) {
    const FitData part{train.x[slice(from, to)], train.y[slice(from, to)], {}};
    const auto loss = [&](const std::vector<Array>& p) {
      return binary_cross_entropy_with_logits(kNetwork(p, part.x), part.y);
    };
    return numbers(grad(loss)(start()));
  };
  FitOptions o = options(1);
  o.optimizer.kind = OptimizerKind::sgd;
  o.batch = 128;
  o.accumulate = 3;  // 300 rows: batches of 128, 128 and 44
  o.shuffle = false;
  o.average_decay = 0;
  const std::vector<double> before = numbers(start()),
                            after = numbers(fit(kNetwork, start(), train, nullptr, o).parameters);
  const auto a = gradient(0, 128), b = gradient(128, 256), c = gradient(256, 300);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double mean = (128 * a[i] + 128 * b[i] + 44 * c[i]) / 300;
    EXPECT_NEAR(after[i], before[i] - o.optimizer.learning_rate * mean, 1e-6);
  }
}

TEST(Fit, Learns) {
  const FitData train = problem(0);
  const FitResult result = fit(kNetwork, start(), train, nullptr, options(20));
  EXPECT_LT(loss_of(result.parameters, train), 0.15);
  EXPECT_EQ(result.history.size(), 20u);
  EXPECT_LT(result.history.back().loss, result.history.front().loss);
}

TEST(Fit, TheSameSeedGivesTheSameBits) {
  const FitData train = problem(0);
  FitOptions o = options(3);
  const auto first = numbers(fit(kNetwork, start(), train, nullptr, o).parameters);
  EXPECT_EQ(first, numbers(fit(kNetwork, start(), train, nullptr, o).parameters));
  o.seed = 1;
  EXPECT_NE(first, numbers(fit(kNetwork, start(), train, nullptr, o).parameters));
}

TEST(Fit, SamplesAsColumnsLearnTheSame) {
  const FitData train = problem(0);
  const FitData turned = {train.x.T(), train.y.T(), {}};
  const Sequential columns(2, kNetwork.layers(), Layout::columns);
  std::vector<Array> parameters;
  for (const Array& p : start())
    parameters.push_back(p.rank() == 2 ? p.T() : p.reshape({p.size(), 1}));
  const FitResult rows = fit(kNetwork, start(), train, nullptr, options(5));
  const FitResult other = fit(columns, parameters, turned, nullptr, options(5));
  EXPECT_NEAR(rows.history.back().loss, other.history.back().loss, 1e-5);
}

TEST(Fit, StopsEarlyAndRestoresTheBestWeights) {
  const FitData train = problem(0);
  FitData noise = problem(1);  // turned labels: learning makes it worse
  noise.y = (1.0 - noise.y).eval();
  FitOptions o = options(50);
  o.patience = 4;
  const FitResult result = fit(kNetwork, start(), train, &noise, o);
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(static_cast<int>(result.history.size()), result.best_epoch + 4);
  const EpochReport& best = result.history[static_cast<std::size_t>(result.best_epoch) - 1];
  EXPECT_NEAR(loss_of(result.parameters, noise), best.validation_loss, 1e-5);
  for (const EpochReport& epoch : result.history)
    EXPECT_GE(epoch.validation_loss, best.validation_loss);
}

TEST(Fit, WeightsCountSamples) {
  FitData twice = problem(0), weighted = twice;
  twice.x = concatenate({twice.x, twice.x[slice(0, 100)]});
  twice.y = concatenate({twice.y, twice.y[slice(0, 100)]});
  weighted.weights = where(arange(0, kRows) < 100, 2.0, 1.0);
  FitOptions o = options(10);
  o.batch = 0;
  const FitResult a = fit(kNetwork, start(), twice, nullptr, o);
  const FitResult b = fit(kNetwork, start(), weighted, nullptr, o);
  EXPECT_NEAR(a.history.back().loss, b.history.back().loss, 1e-5);
}

TEST(Fit, EndsWhenToldAndKeepsTheBest) {
  const FitData train = problem(0);
  FitOptions o = options(50);
  int epochs = 0;
  o.on_epoch = [&](const EpochReport& report) { epochs = report.epoch; };
  o.keep_going = [&] { return epochs < 3; };
  const FitResult result = fit(kNetwork, start(), train, &train, o);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.history.size(), 3u);
  const EpochReport& best = result.history[static_cast<std::size_t>(result.best_epoch) - 1];
  EXPECT_NEAR(loss_of(result.parameters, train), best.validation_loss, 1e-5);
}

TEST(Fit, TheCallersArraysStayReadable) {
  const FitData train = problem(0);
  const std::vector<Array> mine = start();
  const auto before = numbers(mine);
  fit(kNetwork, mine, train, nullptr, options(2));
  EXPECT_EQ(numbers(mine), before);
}

TEST(Fit, ALossThatIsLostNamesTheEpochAndTheRate) {
  FitData train = problem(0);
  train.x = train.x * std::nan("");
  EXPECT_THAT(
      [&] { fit(kNetwork, start(), train, nullptr, options(2)); },
      ThrowsMessage<ValueError>(HasSubstr("became NaN in epoch 1; lower the learning rate")));
}

TEST(Fit, OptionsOutOfRangeAreNamed) {
  const FitData train = problem(0);
  EXPECT_THAT([&] { fit(kNetwork, start(), train, nullptr, options(0)); },
              ThrowsMessage<ValueError>(HasSubstr("epochs is 0, expected 1 or more")));
  FitOptions o = options(1);
  o.optimizer.learning_rate = -1;
  EXPECT_THROW(fit(kNetwork, start(), train, nullptr, o), ValueError);
}

// Without moving averages validation would normalise by the first values, mean 0 and variance 1.
TEST(Fit, BatchNormJudgesByMovingAverages) {
  FitData train = problem(0), validation = problem(1);
  train.x = (train.x * 20 + 300).eval();
  validation.x = (validation.x * 20 + 300).eval();
  const Sequential network(2, {batch_norm(), dense(8, Activation::tanh), batch_norm(), dense(1)});
  FitOptions o = options(20);
  o.optimizer.weight_decay = 0.5;  // must not touch the averages
  const FitResult result = fit(network, start(network), train, &validation, o);
  EXPECT_LT(result.history.back().validation_loss, 0.2);
  EXPECT_NEAR(mean(result.parameters[2]).item(), 300, 5);
  EXPECT_NEAR(mean(result.parameters[3]).item(), 400, 80);
}

TEST(Fit, LossesTakeTheirOptions) {
  const FitData train = problem(0);
  FitOptions o = options(30);
  o.loss = Loss::quantile;
  o.loss_options.quantile = 0.8;
  // Without features that matter, 80 of 100 targets lie below the prediction.
  const FitData noise = {
      zeros({kRows, 2}), astype(Generator(3).rand({kRows}), DType::float32), {}, {}};
  const FitResult result = fit(kNetwork, start(), noise, nullptr, o);
  EXPECT_NEAR(kNetwork(result.parameters, noise.x)[0].item(), 0.8, 0.05);
  o.loss_options.quantile = 2;
  EXPECT_THAT([&] { fit(kNetwork, start(), train, nullptr, o); },
              ThrowsMessage<ValueError>(HasSubstr("quantile is 2")));
}

}  // namespace
}  // namespace lanewise::nn
