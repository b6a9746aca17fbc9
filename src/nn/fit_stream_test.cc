#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "array/testing.h"
#include "base/testing.h"
#include "lanewise/error.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/streams.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kRows = 5000;  // four blocks of rows and a part of one

FitData problem(uint32_t seed, int64_t rows = kRows) {
  Generator generator(seed);
  const Array x = astype(generator.randn({rows, 3}), DType::float32).eval();
  return {x, astype(x[{slice(), slice(0, 1)}] > 0, DType::float32).eval(), {}, {}};
}

const Sequential kNetwork(3, {dense(8, Activation::tanh), dense(1)});

std::vector<std::vector<Array>> start(std::size_t members) {
  Generator generator(1);
  std::vector<std::vector<Array>> all(members);
  for (std::vector<Array>& member : all)
    for (const Parameter& p : kNetwork.init(generator)) member.push_back(p.value);
  return all;
}

FitOptions options(int epochs = 3) {
  FitOptions o;
  o.optimizer.learning_rate = 0.02;
  o.epochs = epochs;
  o.batch = 128;
  return o;
}

std::vector<double> numbers(const EnsembleResult& result) {
  std::vector<double> all;
  for (const EnsembleResult::Member& member : result.members)
    for (const Array& a : member.parameters)
      for (double x : a.to_vector<double>()) all.push_back(x);
  for (const EpochReport& epoch : result.history)
    for (const MemberReport& m : epoch.members) {
      all.push_back(m.loss);
      if (!std::isnan(m.validation_loss)) all.push_back(m.validation_loss);
    }
  return all;
}

std::unique_ptr<Source> source_of(const FitData& data) {
  std::vector<Array> arrays = {data.x, data.y};
  if (data.weights) arrays.push_back(*data.weights);
  if (data.folds) arrays.push_back(*data.folds);
  return array_source(arrays);
}

EnsembleResult streamed(const FitData& data, const FitData* validation, const FitOptions& o,
                        int64_t window, std::size_t members = 1) {
  const auto source = source_of(data);
  const FitStream train{source.get(), data.weights.has_value(), data.folds.has_value(), window};
  if (!validation) return fit_ensemble(kNetwork, start(members), train, nullptr, o);
  const auto judges = source_of(*validation);
  const FitStream judge{judges.get(), false, false, window};
  return fit_ensemble(kNetwork, start(members), train, &judge, o);
}

TEST(FitStream, AWindowOfAllRowsHasTheBitsOfMemory) {
  FitData train = problem(0);
  const FitData validation = problem(1, 1500);
  train.weights = where(arange(0, kRows) < 100, 2.0, 1.0);
  EXPECT_EQ(numbers(streamed(train, &validation, options(), kRows)),
            numbers(fit_ensemble(kNetwork, start(1), train, &validation, options())));
}

TEST(FitStream, AFullBatchHasTheBitsOfMemory) {
  const WithExecutor with("fused");  // whose bits streams have
  const FitData train = problem(0), validation = problem(1);
  FitOptions o = options();
  o.batch = 0;
  const auto whole = numbers(fit_ensemble(kNetwork, start(2), train, &validation, o));
  EXPECT_EQ(numbers(streamed(train, &validation, o, 1024, 2)), whole);
}

TEST(FitStream, RowsInOrderHaveTheBitsOfMemory) {
  const FitData train = problem(0);
  FitOptions o = options();
  o.shuffle = false;
  const auto whole = numbers(fit_ensemble(kNetwork, start(1), train, nullptr, o));
  EXPECT_EQ(numbers(streamed(train, nullptr, o, 1000)), whole);
}

TEST(FitStream, ValidationInWindowsIsThatOfAllRows) {
  const FitData train = problem(0), validation = problem(1);
  const auto result = streamed(train, &validation, options(5), 1024);
  const EpochReport& best =
      result.history[static_cast<std::size_t>(result.members[0].best_epoch) - 1];
  const Array logits = kNetwork(result.members[0].parameters, validation.x);
  EXPECT_NEAR(binary_cross_entropy_with_logits(logits, validation.y).item(), best.validation_loss,
              1e-6);
  EXPECT_LT(best.validation_loss, 0.3);
}

TEST(FitStream, FoldsJudgeTheirMembers) {
  FitData train = problem(0);
  std::vector<int64_t> folds;
  for (int64_t row = 0; row < kRows; ++row) folds.push_back(row % 3);
  train.folds = array(folds, {kRows});
  const auto whole = numbers(fit_ensemble(kNetwork, start(3), train, nullptr, options()));
  EXPECT_EQ(numbers(streamed(train, nullptr, options(), kRows, 3)), whole);
  const EnsembleResult windows = streamed(train, nullptr, options(5), 1500, 3);
  for (const MemberReport& m : windows.history.back().members) EXPECT_LT(m.validation_loss, 0.3);
  EXPECT_THAT([&] { streamed(train, nullptr, options(), 1500, 4); },
              ThrowsMessage<ValueError>(HasSubstr("0 of 5000 rows have the fold 3")));
}

// Which rows a step reads, by the gradient of a network that sums its inputs.
TEST(FitStream, AnEpochReadsEveryRowOnce) {
  const Sequential sum(1, {dense(1)});
  FitOptions o = options(1);
  o.optimizer.kind = OptimizerKind::sgd;
  o.optimizer.learning_rate = 1e-20;  // stays where it is
  o.loss = Loss::mean_squared_error;
  o.average_decay = 0;
  const Array x = astype(reshape(arange(0, kRows), {kRows, 1}), DType::float32);
  const FitData data{x, zeros({kRows, 1}), {}, {}};
  const std::vector<Array> first = {ones({1, 1}), zeros({1})};
  const auto source = source_of(data);
  const double whole = fit(sum, first, data, nullptr, o).history[0].loss;
  const double windows =
      fit(sum, first, FitStream{source.get(), false, false, 700}, nullptr, o).history[0].loss;
  EXPECT_NEAR(windows / whole, 1, 1e-6);
}

TEST(FitStream, GoesOnWithinAnEpochToTheSameBits) {
  const FitData train = problem(0);
  const auto whole = numbers(streamed(train, nullptr, options(), 1024));
  for (int end : {3, 45, 61}) {  // of 40 steps an epoch
    FitOptions o = options();
    FitState stored;
    int steps = 0;
    o.on_step = [&](const std::function<FitState()>& state) {
      if (steps == end) stored = state();
    };
    o.keep_going = [&] { return steps++ < end; };
    EXPECT_TRUE(streamed(train, nullptr, o, 1024).interrupted);
    FitOptions rest = options();
    rest.resume = stored;
    EXPECT_EQ(numbers(streamed(train, nullptr, rest, 1024)), whole) << end;
  }
}

TEST(FitStream, TheSameBitsForAnyNumberOfThreads) {
  const FitData train = problem(0);
  const auto before = numbers(streamed(train, nullptr, options(), 1024));
  const WithThreads with(thread_count() == 1 ? 2 : 1);
  EXPECT_EQ(numbers(streamed(train, nullptr, options(), 1024)), before);
}

// A source that can't seek.
class InOrder : public Source {
 public:
  explicit InOrder(std::vector<Array> arrays) : source_(array_source(std::move(arrays))) {}
  std::vector<Shape> row_shapes() const override { return source_->row_shapes(); }
  std::vector<DType> dtypes() const override { return source_->dtypes(); }
  std::optional<int64_t> length() const override { return source_->length(); }
  std::vector<Array> pull(int64_t count) override { return source_->pull(count); }
  void reset() override { source_->reset(); }

 private:
  std::unique_ptr<Source> source_;
};

TEST(FitStream, WhatDoesNotFitIsTold) {
  const FitData train = problem(0);
  const auto lone = array_source({train.x});
  EXPECT_THAT([&] { fit(kNetwork, start(1)[0], FitStream{lone.get()}, nullptr, options()); },
              ThrowsMessage<ValueError>(HasSubstr("has 1 arrays, expected 2: x, y")));
  EXPECT_THROW(fit(kNetwork, start(1)[0], FitStream{}, nullptr, options()), ValueError);
  const auto empty = array_source({zeros({0, 3}), zeros({0, 1})});
  EXPECT_THAT([&] { fit(kNetwork, start(1)[0], FitStream{empty.get()}, nullptr, options()); },
              ThrowsMessage<ValueError>(HasSubstr("have no rows")));
  InOrder in_order({train.x, train.y});
  EXPECT_THAT(
      [&] {
        fit(kNetwork, start(1)[0], FitStream{&in_order, false, false, 1024}, nullptr, options());
      },
      ThrowsMessage<ValueError>(HasSubstr("can't be shuffled")));
}

}  // namespace
}  // namespace lanewise::nn
