// The recipe of docs/training.md: rows with a target are split, preprocessing is fitted on
// the training rows alone, networks are trained, each without its fold, and rows that they
// did not see judge them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lanewise/error.h"
#include "tabular/fingerprint.h"
#include "tabular/model_impl.h"
#include "tabular/recipe.h"
#include "tabular/rows.h"
#include "tabular/target.h"

namespace lanewise {
namespace {

void standardize_target(TargetInfo& info, const TargetValues& target,
                        std::span<const int64_t> train) {
  if (info.task != Task::regression) return;
  double sum = 0, squares = 0;
  for (int64_t i : train) sum += target.values[static_cast<std::size_t>(i)];
  info.mean = sum / static_cast<double>(train.size());
  for (int64_t i : train)
    squares += std::pow(target.values[static_cast<std::size_t>(i)] - info.mean, 2);
  info.scale = std::sqrt(squares / static_cast<double>(train.size()));
  if (!(info.scale > 0)) info.scale = 1;
}

class Training {
 public:
  // `all` share their batches.
  Training(const Table& table, std::span<const TrainOptions> all, const Table* test)
      : table_(table), all_(all), options_(all[0]), test_(test) {}

  std::vector<TrainResult> run() {
    for (const TrainOptions& options : all_) validate(options);
    info_ = recognize_target(table_, options_.target, options_.task);
    loss_for(info_.task, options_.loss);  // one of another task is told now
    target_ = read_target(table_, info_);
    if (test_) test_target_ = read_target(*test_, info_);
    rows_ = split(options_, target_, test_ != nullptr);
    check_rows();
    if (info_.task != Task::regression)
      class_shares_ = nn::class_shares(values_at(target_.classes, rows_.train),
                                       static_cast<int>(info_.classes.size()));
    class_weights_ = class_weights(info_, options_, class_shares_);
    standardize_target(info_, target_, rows_.train);
    preprocessor_ =
        Preprocessor::fit(table_, table_rows(rows_.train), info_.column, options_.encoding);
    if (test_) preprocessor_.check(*test_, test_target_.rows);
    for (const TrainOptions& options : all_)
      networks_.push_back(make_network(options, info_, preprocessor_.width()));
    std::vector<TrainPlan> plans;
    for (std::size_t i = 0; i < all_.size(); ++i) plans.push_back(make_plan(i));
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (all_[i].on_start) all_[i].on_start(plans[i]);
    std::vector<nn::EnsembleResult> fits = fit(plans);
    std::vector<TrainResult> results;
    for (std::size_t i = 0; i < all_.size(); ++i)
      results.push_back(finish(std::move(fits[i]), plans[i]));
    return results;
  }

 private:
  std::vector<int64_t> table_rows(std::span<const int64_t> positions) const {
    return pick(target_.rows, positions);
  }

  void check_rows() const {
    const auto fail = [&](std::string_view problem) {
      throw DataError(fmt::format("{}: {}", table_.source, problem), table_.source);
    };
    if (rows_.train.size() < 2)
      fail(fmt::format("too few rows to train on: {} left, at least 2 needed", rows_.train.size()));
    const std::vector<int32_t> classes = values_at(target_.classes, rows_.train);
    for (std::size_t k = 0; k < info_.classes.size(); ++k)
      if (std::find(classes.begin(), classes.end(), static_cast<int32_t>(k)) == classes.end())
        fail(fmt::format("class '{}' has no training row; it is too rare to be split",
                         info_.classes[k]));
  }

  TrainPlan make_plan(std::size_t i) const {
    const auto count = [](const std::vector<int64_t>& rows) {
      return static_cast<int64_t>(rows.size());
    };
    TrainPlan plan;
    plan.train_rows = count(rows_.train);
    plan.validation_rows = count(rows_.validation);
    plan.test_rows = test_ ? test_->rows : count(rows_.test);
    plan.dropped_rows = target_.dropped;
    plan.members = members();
    plan.features = preprocessor_.width();
    plan.target = info_;
    plan.objective = {loss_for(info_.task, all_[i].loss), all_[i].loss_options, class_weights_};
    plan.network = &networks_[i];
    plan.preprocessor = &preprocessor_;
    follow_recipe(all_[i], plan);
    return plan;
  }

  int members() const {
    if (rows_.folds.empty()) return 1;
    return static_cast<int>(*std::max_element(rows_.folds.begin(), rows_.folds.end())) + 1;
  }

  nn::FitData data_for(std::span<const int64_t> positions) const {
    return training_data(preprocessor_.transform(table_, table_rows(positions)), info_, target_,
                         positions, class_weights_);
  }

  std::vector<nn::EnsembleResult> fit(std::span<const TrainPlan> plans) {
    nn::FitData train = data_for(rows_.train);
    if (!rows_.folds.empty()) train.folds = array(rows_.folds, {plans[0].train_rows});
    std::optional<nn::FitData> validation;
    if (!rows_.validation.empty()) validation = data_for(rows_.validation);
    const nn::FitData* judge = validation ? &*validation : nullptr;
    return fit_as_planned(
        all_, plans,
        [&] {
          const uint32_t crc = checksum(0, train);
          return fingerprint(options_, plans[0], judge ? checksum(crc, *judge) : crc);
        },
        [&](std::vector<nn::Ensemble> ensembles, const nn::BatchOptions& how) {
          return nn::fit_ensembles(std::move(ensembles), train, judge, how);
        });
  }

  // Scores of predictions, beside those of the trivial predictor.
  void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                  const Prediction& predictions, const TargetValues& truth) const {
    lanewise::add_scores(metrics, which, info_, class_shares_, predictions, truth);
  }
  void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                  const Model& model, const Table& table, const TargetValues& truth) const {
    if (truth.rows.empty()) return;
    add_scores(metrics, which, model.predict(table.select_rows(truth.rows)), truth);
  }

  // Every training row judged by the member that did not learn from it.
  void add_scores_out_of_fold(std::map<std::string, Metrics>& metrics, const TrainPlan& plan,
                              const std::vector<std::vector<Array>>& members) const {
    if (rows_.folds.empty()) return;
    std::vector<int64_t> order;
    Prediction all{{}, 0, static_cast<int64_t>(info_.classes.size())};
    for (std::size_t k = 0; k < members.size(); ++k) {
      std::vector<int64_t> left_out;
      for (std::size_t i = 0; i < rows_.folds.size(); ++i)
        if (rows_.folds[i] == static_cast<int64_t>(k)) left_out.push_back(rows_.train[i]);
      const Prediction own =
          model_of(plan, {members[k]}).predict(table_.select_rows(table_rows(left_out)));
      all.values.insert(all.values.end(), own.values.begin(), own.values.end());
      all.rows += own.rows;
      order.insert(order.end(), left_out.begin(), left_out.end());
    }
    add_scores(metrics, "out_of_fold", all, subset(order));
  }

  TargetValues subset(std::span<const int64_t> positions) const {
    return {table_rows(positions), values_at(target_.classes, positions),
            values_at(target_.values, positions), 0};
  }

  TrainResult finish(nn::EnsembleResult fit, TrainPlan plan) {
    const std::vector<std::vector<Array>> members = parameters_of(fit);
    const Model unscored = model_of(plan, members);
    std::map<std::string, Metrics> metrics;
    add_scores_out_of_fold(metrics, plan, members);
    add_scores(metrics, "validation", unscored, table_, subset(rows_.validation));
    if (test_) add_scores(metrics, "test", unscored, *test_, test_target_);
    else add_scores(metrics, "test", unscored, table_, subset(rows_.test));
    return result_of(std::move(fit), std::move(plan), std::move(metrics));
  }

  const Table& table_;
  const std::span<const TrainOptions> all_;
  const TrainOptions& options_;  // the first, of what they share
  const Table* test_;
  TargetInfo info_;
  TargetValues target_, test_target_;
  Rows rows_;
  std::vector<double> class_shares_, class_weights_;
  Preprocessor preprocessor_;
  std::vector<nn::Sequential> networks_;
};

}  // namespace

TrainResult train(const Table& table, const TrainOptions& options, const Table* test) {
  TrainResult result = std::move(Training(table, {&options, 1}, test).run().front());
  if (!result.fit.failure.empty()) throw ValueError(result.fit.failure);
  return result;
}

std::vector<TrainResult> train(const Table& table, std::span<const TrainOptions> all,
                               const Table* test) {
  for (const TrainOptions& options : all)
    if (all.size() > 1 && (options.checkpoint || !share_batches(all[0], options)))
      throw ValueError(
          "train: several options must share their batches and have no checkpoints; train() with "
          "one at a time has no such limit");
  return all.empty() ? std::vector<TrainResult>{} : Training(table, all, test).run();
}

}  // namespace lanewise
