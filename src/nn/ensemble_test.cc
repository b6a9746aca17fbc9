#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/testing.h"
#include "lanewise/error.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kRows = 210, kFolds = 3;

// Whether x₀ > x₁, in blurred labels; row i is left out by member i % 3.
FitData problem() {
  Generator generator(0);
  const Array X = astype(generator.randn({kRows, 2}), DType::float32).eval();
  const Array blurred = X + astype(generator.randn({kRows, 2}), DType::float32);
  const Array x0 = blurred[{slice(), slice(0, 1)}], x1 = blurred[{slice(), slice(1, 2)}];
  std::vector<int64_t> folds;
  for (int64_t row = 0; row < kRows; ++row) folds.push_back(row % kFolds);
  return {X, astype(x0 > x1, DType::float32).eval(), {}, array(folds, {kRows})};
}

const Sequential kNetwork(2, {dense(8, Activation::tanh), dropout(0.1), dense(1)});

std::vector<std::vector<Array>> starts(std::size_t members = kFolds) {
  Generator generator(1);
  std::vector<std::vector<Array>> all(members);
  for (std::vector<Array>& values : all)
    for (const Parameter& p : kNetwork.init(generator)) values.push_back(p.value);
  return all;
}

FitOptions options(int epochs) {
  FitOptions o;
  o.optimizer.learning_rate = 0.02;
  o.optimizer.clip_norm = 0.5;
  o.epochs = epochs;
  o.batch = 32;
  o.patience = 3;
  return o;
}

std::vector<double> numbers(const std::vector<Array>& arrays) {
  std::vector<double> all;
  for (const Array& a : arrays)
    for (double x : a.to_vector<double>()) all.push_back(x);
  return all;
}

FitData rows_of(const FitData& data, int64_t fold) {
  const Array rows = arange(static_cast<double>(fold), kRows, kFolds);
  return {take(data.x, rows, 0), take(data.y, rows, 0)};
}

// Member 0 draws the same dropout as a network alone.
TEST(Ensemble, AMemberHasTheBitsOfANetworkTrainedAloneWithoutItsFold) {
  const FitData data = problem();
  const EnsembleResult together = fit_ensemble(kNetwork, starts(), data, nullptr, options(6));
  FitData alone{data.x, data.y, astype(*data.folds != 0, DType::float32), {}};
  const FitData judge = rows_of(data, 0);
  const FitResult only = fit(kNetwork, starts()[0], alone, &judge, options(6));
  const EnsembleResult::Member& first = together.members[0];
  EXPECT_EQ(numbers(first.parameters), numbers(only.parameters));
  EXPECT_EQ(first.best_epoch, only.best_epoch);
  for (std::size_t epoch = 0; epoch < only.history.size(); ++epoch) {
    EXPECT_EQ(together.history[epoch].members[0].loss, only.history[epoch].loss);
    EXPECT_EQ(together.history[epoch].members[0].validation_loss,
              only.history[epoch].validation_loss);
  }
}

// Whoever leaves early must not change what the others get.
TEST(Ensemble, MembersLeaveAtTheirOwnTime) {
  const FitData data = problem();
  FitOptions o = options(40);
  const EnsembleResult result = fit_ensemble(kNetwork, starts(), data, nullptr, o);
  std::set<int> best;
  for (const EnsembleResult::Member& m : result.members) best.insert(m.best_epoch);
  ASSERT_GT(best.size(), 1u) << "the problem must part the members";
  for (int k = 0; k < kFolds; ++k) {
    const EnsembleResult::Member& member = result.members[static_cast<std::size_t>(k)];
    int last = 0;
    double least = INFINITY;
    for (const EpochReport& epoch : result.history)
      for (const MemberReport& m : epoch.members)
        if (m.member == k) last = epoch.epoch, least = std::min(least, m.validation_loss);
    EXPECT_EQ(last, std::min(o.epochs, member.best_epoch + o.patience));
    EXPECT_EQ(member.stopped_early, last < o.epochs);
    EXPECT_EQ(member.best_loss, least);
  }
  o.patience = 0;
  o.epochs = result.members[2].best_epoch;
  const EnsembleResult endless = fit_ensemble(kNetwork, starts(), data, nullptr, o);
  EXPECT_EQ(numbers(endless.members[2].parameters), numbers(result.members[2].parameters));
}

TEST(Ensemble, TheSameBitsAtAnyNumberOfThreads) {
  const FitData data = problem();
  std::vector<std::vector<double>> results;
  for (int threads : {1, 2}) {
    const WithThreads with(threads);
    std::vector<Array> all;
    for (const auto& member : fit_ensemble(kNetwork, starts(), data, nullptr, options(4)).members)
      all.insert(all.end(), member.parameters.begin(), member.parameters.end());
    results.push_back(numbers(all));
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(Ensemble, WeightsOfTheUserCount) {
  FitData data = problem();
  data.weights = where(arange(0, kRows) < 100, 2.0, 1.0);
  const EnsembleResult together = fit_ensemble(kNetwork, starts(), data, nullptr, options(3));
  const FitData alone{data.x, data.y, astype(*data.folds != 0, DType::float32) * *data.weights, {}};
  const FitResult only = fit(kNetwork, starts()[0], alone, nullptr, options(3));
  EXPECT_EQ(together.history[2].members[0].loss, only.history[2].loss);
}

// Batches of two rows: many hold none that a member may learn from.
TEST(Ensemble, ABatchMayHoldNoRowOfAMember) {
  const FitData data = problem();
  FitOptions o = options(2);
  o.batch = 2;
  const EnsembleResult result = fit_ensemble(kNetwork, starts(), data, nullptr, o);
  for (double x : numbers(result.members[1].parameters)) EXPECT_TRUE(std::isfinite(x));
}

TEST(Ensemble, WithoutFoldsAllRowsTeachEveryMember) {
  FitData data = problem();
  data.folds.reset();
  const EnsembleResult together = fit_ensemble(kNetwork, starts(), data, nullptr, options(3));
  const FitResult only = fit(kNetwork, starts()[0], data, nullptr, options(3));
  EXPECT_EQ(numbers(together.members[0].parameters), numbers(only.parameters));
  EXPECT_EQ(together.members[1].best_epoch, 3);
  EXPECT_TRUE(std::isnan(together.history[0].validation_loss));
}

TEST(Ensemble, FoldsThatCannotServeAreRefused) {
  FitData data = problem();
  EXPECT_THAT([&] { fit_ensemble(kNetwork, starts(4), data, nullptr, options(1)); },
              ThrowsMessage<ValueError>(HasSubstr("0 of 210 rows have the fold 3")));
  EXPECT_THAT([&] { fit_ensemble(kNetwork, starts(), data, &data, options(1)); },
              ThrowsMessage<ValueError>(HasSubstr("can't be validation data beside them")));
  data.folds = arange(0, 7);
  EXPECT_THROW(fit_ensemble(kNetwork, starts(), data, nullptr, options(1)), ShapeError);
}

std::vector<double> numbers(const EnsembleResult& result) {
  std::vector<double> all;
  for (const EnsembleResult::Member& member : result.members) {
    all.push_back(member.best_epoch);
    for (double x : numbers(member.parameters)) all.push_back(x);
  }
  for (const EpochReport& epoch : result.history) {
    all.push_back(epoch.loss);
    all.push_back(epoch.validation_loss);
  }
  return all;
}

// Of other widths, rules, decays, losses and lengths.
std::vector<Ensemble> several() {
  const Sequential wide(2, {dense(16, Activation::relu), dropout(0.2), dense(4), dense(1)});
  Generator generator(2);
  std::vector<std::vector<Array>> values(kFolds);
  for (auto& own : values)
    for (const Parameter& p : wide.init(generator)) own.push_back(p.value);
  std::vector<Ensemble> all = {{kNetwork, starts(), options(6)},
                               {kNetwork, starts(), options(9)},
                               {wide, values, options(4)},
                               {wide, values, options(40)}};
  all[1].options.optimizer.learning_rate = 0.05;
  all[1].options.loss_options.smoothing = 0.1;
  all[1].options.average_decay = 0;
  all[2].options.optimizer.kind = OptimizerKind::momentum;
  all[3].options.optimizer.schedule = ScheduleKind::cosine;
  all[3].options.optimizer.weight_decay = 0.3;
  all[3].options.patience = 2;
  return all;
}

FitOptions alone(const MemberOptions& own) {
  FitOptions all = options(1);
  static_cast<MemberOptions&>(all) = own;
  return all;
}

TEST(Ensembles, EachHasTheBitsThatItHasAlone) {
  const FitData data = problem();
  const std::vector<EnsembleResult> together = fit_ensembles(several(), data, nullptr, options(1));
  ASSERT_EQ(together.size(), several().size());
  std::set<std::size_t> epochs;
  for (std::size_t e = 0; e < together.size(); ++e) {
    const Ensemble own = several()[e];
    const EnsembleResult only =
        fit_ensemble(own.network, own.parameters, data, nullptr, alone(own.options));
    EXPECT_EQ(numbers(together[e]), numbers(only)) << e;
    for (std::size_t k = 0; k < kFolds; ++k)
      EXPECT_EQ(together[e].members[k].stopped_early, only.members[k].stopped_early) << e;
    EXPECT_EQ(together[e].history.back().epochs, own.options.epochs);
    EXPECT_EQ(together[e].history.back().members.size(), only.history.back().members.size());
    epochs.insert(together[e].history.size());
  }
  EXPECT_GT(epochs.size(), 2u) << "the problem must part the ensembles";
}

TEST(Ensembles, AreJudgedByValidationDataAndReportedThrough) {
  FitData data = problem();
  data.folds.reset();
  const FitData judge = rows_of(data, 0);
  std::vector<Ensemble> all = several();
  all.erase(all.begin());
  for (Ensemble& ensemble : all) ensemble.parameters.resize(1);
  BatchOptions shared = options(1);
  std::set<int> members;
  shared.on_epoch = [&](const EpochReport& report) {
    EXPECT_EQ(report.epochs, 40);
    for (const MemberReport& m : report.members) members.insert(m.member);
  };
  const std::vector<EnsembleResult> together = fit_ensembles(all, data, &judge, shared);
  EXPECT_EQ(members, (std::set<int>{0, 1, 2}));
  for (std::size_t e = 0; e < all.size(); ++e)
    EXPECT_EQ(numbers(together[e]), numbers(fit_ensemble(all[e].network, all[e].parameters, data,
                                                         &judge, alone(all[e].options))));
}

TEST(Ensembles, OneThatDivergesLeavesTheOthers) {
  const FitData data = problem();
  std::vector<Ensemble> all = several();
  all.resize(3);
  all[2].options.optimizer.learning_rate = 1e30;
  std::vector<FitState> states;
  BatchOptions shared = options(1);
  shared.on_step = [&](const auto& state) { states.push_back(state()); };
  shared.on_epoch = [](const EpochReport& report) { EXPECT_TRUE(std::isfinite(report.loss)); };
  const std::vector<EnsembleResult> together = fit_ensembles(all, data, nullptr, shared);
  EXPECT_THAT(together[2].failure, HasSubstr("loss of network 0 became NaN in epoch 1"));
  EXPECT_TRUE(together[2].history.empty());
  for (std::size_t k = 0; k < kFolds; ++k)
    EXPECT_EQ(numbers(together[2].members[k].parameters), numbers(all[2].parameters[k]));
  for (std::size_t e : {0, 1})
    EXPECT_EQ(numbers(together[e]), numbers(fit_ensemble(all[e].network, all[e].parameters, data,
                                                         nullptr, alone(all[e].options))));
  shared.on_step = {};
  shared.resume = states.back();
  const std::vector<EnsembleResult> resumed = fit_ensembles(all, data, nullptr, shared);
  for (std::size_t e = 0; e < all.size(); ++e) {
    EXPECT_EQ(numbers(resumed[e]), numbers(together[e]));
    EXPECT_EQ(resumed[e].failure, together[e].failure);
  }
  EXPECT_THAT(
      [&] {
        fit_ensemble(all[2].network, all[2].parameters, data, nullptr, alone(all[2].options));
      },
      ThrowsMessage<ValueError>(together[2].failure));
}

TEST(Ensemble, GoesOnFromAStateThatTellsOfNoFailures) {
  const FitData data = problem();
  FitOptions shared = options(3);
  std::vector<FitState> states;
  shared.on_step = [&](const auto& state) { states.push_back(state()); };
  const EnsembleResult whole = fit_ensemble(kNetwork, starts(), data, nullptr, shared);
  FitState earlier = states[5];
  const std::string told = "\"failures\":[\"\"],";
  const std::size_t at = earlier.progress.find(told);
  ASSERT_NE(at, std::string::npos);
  earlier.progress.erase(at, told.size());
  shared.on_step = {};
  shared.resume = earlier;
  EXPECT_EQ(numbers(fit_ensemble(kNetwork, starts(), data, nullptr, shared)), numbers(whole));
}

TEST(Ensembles, GoOnFromAnyStepToTheSameBits) {
  const FitData data = problem();
  std::vector<FitState> states;
  BatchOptions shared = options(1);
  shared.on_step = [&](const auto& state) { states.push_back(state()); };
  const std::vector<EnsembleResult> whole = fit_ensembles(several(), data, nullptr, shared);
  shared.on_step = {};
  for (std::size_t at = 3; at < states.size(); at += 17) {
    shared.resume = states[at];
    const std::vector<EnsembleResult> rest = fit_ensembles(several(), data, nullptr, shared);
    for (std::size_t e = 0; e < whole.size(); ++e)
      EXPECT_EQ(numbers(rest[e]), numbers(whole[e])) << at;
  }
}

TEST(Ensembles, OfOtherSamplesAreRefused) {
  std::vector<Ensemble> all = several();
  const Sequential other(3, {dense(1)});
  Generator generator(2);
  std::vector<Array> values;
  for (const Parameter& p : other.init(generator)) values.push_back(p.value);
  all.push_back({other, {values, values, values}, options(1)});
  EXPECT_THAT([&] { fit_ensembles(all, problem(), nullptr, options(1)); },
              ThrowsMessage<ValueError>(HasSubstr("(3 features, 1 outputs")));
}

// 7 steps an epoch; members leave on the way.
TEST(Resume, GoesOnFromAnyStepToTheSameBits) {
  const FitData data = problem();
  std::vector<FitState> states;
  FitOptions o = options(12);
  o.on_step = [&](const auto& state) { states.push_back(state()); };
  const EnsembleResult whole = fit_ensemble(kNetwork, starts(), data, nullptr, o);
  ASSERT_LT(whole.history.back().members.size(), 3u) << "the problem must part the members";
  o.on_step = {};
  for (std::size_t at = 0; at < states.size(); at += 5) {
    o.resume = states[at];
    int epochs = 0;
    o.on_epoch = [&](const EpochReport& report) { EXPECT_EQ(report.epoch, ++epochs); };
    EXPECT_EQ(numbers(fit_ensemble(kNetwork, starts(), data, nullptr, o)), numbers(whole)) << at;
  }
}

TEST(Resume, InOrderAndInFullBatches) {
  FitData data = problem();
  data.folds.reset();
  for (const bool full : {false, true}) {
    FitOptions o = options(3);
    o.shuffle = false;
    if (full) o.batch = 0;
    std::vector<FitState> states;
    o.on_step = [&](const auto& state) { states.push_back(state()); };
    const EnsembleResult whole = fit_ensemble(kNetwork, starts(1), data, nullptr, o);
    o.on_step = {};
    o.resume = states[states.size() / 2];
    EXPECT_EQ(numbers(fit_ensemble(kNetwork, starts(1), data, nullptr, o).members[0].parameters),
              numbers(whole.members[0].parameters));
  }
}

TEST(Resume, AStateOfOtherNetworksIsRefused) {
  const FitData data = problem();
  FitOptions o = options(1);
  FitState state;
  o.on_step = [&](const auto& now) { state = now(); };
  fit_ensemble(kNetwork, starts(), data, nullptr, o);
  o.on_step = {};
  o.resume = state;
  FitData whole = data;
  whole.folds.reset();
  EXPECT_THAT([&] { fit_ensemble(kNetwork, starts(2), whole, nullptr, o); },
              ThrowsMessage<DataError>(HasSubstr("of other networks or data")));
  o.resume->arrays.erase("generator");
  EXPECT_THAT([&] { fit_ensemble(kNetwork, starts(), data, nullptr, o); },
              ThrowsMessage<DataError>(HasSubstr("holds no generator")));
  o.resume->progress = "{";
  EXPECT_THROW(fit_ensemble(kNetwork, starts(), data, nullptr, o), DataError);
}

}  // namespace
}  // namespace lanewise::nn
