// The recipe of docs/training.md: rows with a target are split, preprocessing is fitted on
// the training rows alone, networks are trained, each without its fold, and rows that they
// did not see judge them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lanewise/error.h"
#include "tabular/checkpoints.h"
#include "tabular/fingerprint.h"
#include "tabular/model_impl.h"
#include "tabular/rows.h"
#include "tabular/target.h"

namespace lanewise {
namespace {

// What depends on the number of training rows.
struct Recipe {
  int epochs, patience;
  int64_t batch;
  double weight_decay;
};

Recipe recipe_for(int64_t rows, int64_t few_rows) {
  if (rows >= few_rows) return {60, 8, 256, 1.0};
  const double power = std::round(std::log2(std::max(1.0, static_cast<double>(rows) / 16)));
  return {200, 20, std::clamp<int64_t>(int64_t{1} << static_cast<int>(power), 16, 256), 0.5};
}

void require(bool holds, std::string_view what, double value, std::string_view range) {
  if (!holds) throw ValueError(fmt::format("{} is {}, expected {}", what, value, range));
}

void validate(const TrainOptions& o) {
  require(o.validation >= 0 && o.validation < 1, "the validation share", o.validation,
          "0 or more and below 1");
  require(o.folds >= 1, "folds", o.folds, "1 (one network) or more");
  require(o.test_fraction >= 0 && o.test_fraction < 1, "the test share", o.test_fraction,
          "0 or more and below 1");
  require(o.average_decay >= 0 && o.average_decay < 1, "the average's decay", o.average_decay,
          "0 (off) or more and below 1");
  if (o.epochs) require(*o.epochs >= 1, "epochs", *o.epochs, "1 or more");
  if (o.patience)
    require(*o.patience >= 0, "patience", *o.patience, "0 (never stop early) or more");
  if (o.batch)
    require(*o.batch >= 0, "batch", static_cast<double>(*o.batch), "0 (all rows) or more");
  require(o.accumulate >= 1, "accumulate", static_cast<double>(o.accumulate), "1 or more");
  for (int64_t units : o.hidden)
    require(units >= 1, "a hidden size", static_cast<double>(units), "1 or more");
  o.optimizer.validate();
  o.loss_options.validate();
}

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

nn::Sequential make_network(const TrainOptions& o, const TargetInfo& info, int64_t features) {
  std::vector<nn::LayerPtr> layers;
  for (int64_t units : o.hidden) {
    layers.push_back(nn::dense(units, o.activation));
    if (o.dropout > 0) layers.push_back(nn::dropout(o.dropout));
  }
  layers.push_back(
      nn::dense(info.task == Task::multiclass ? static_cast<int64_t>(info.classes.size()) : 1));
  return {features, std::move(layers)};
}

// Drops what is undefined (the AUC of rows of one class).
Metrics defined(Metrics metrics) {
  std::erase_if(metrics, [](const auto& m) { return !std::isfinite(m.second); });
  return metrics;
}

class Training {
 public:
  Training(const Table& table, const TrainOptions& options, const Table* test)
      : table_(table), options_(options), test_(test) {}

  TrainResult run() {
    validate(options_);
    info_ = recognize_target(table_, options_.target, options_.task);
    target_ = read_target(table_, info_);
    loss_ = loss_for(info_.task, options_.loss);
    rows_ = split(options_, target_, test_ != nullptr);
    check_rows();
    class_weights_ = class_weights(info_, options_, values_at(target_.classes, rows_.train));
    standardize_target(info_, target_, rows_.train);
    preprocessor_ =
        Preprocessor::fit(table_, table_rows(rows_.train), info_.column, options_.encoding);
    network_ = make_network(options_, info_, preprocessor_.width());
    const TrainPlan plan = make_plan();
    if (options_.on_start) options_.on_start(plan);
    nn::EnsembleResult fit = this->fit(plan);
    return finish(std::move(fit), plan);
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

  TrainPlan make_plan() const {
    const auto count = [](const std::vector<int64_t>& rows) {
      return static_cast<int64_t>(rows.size());
    };
    const Recipe recipe = recipe_for(count(rows_.train), options_.encoding.few_rows);
    TrainPlan plan;
    plan.train_rows = count(rows_.train);
    plan.validation_rows = count(rows_.validation);
    plan.test_rows = test_ ? test_->rows : count(rows_.test);
    plan.dropped_rows = target_.dropped;
    plan.members = static_cast<int>(members());
    plan.features = preprocessor_.width();
    plan.epochs = options_.epochs.value_or(recipe.epochs);
    plan.patience = options_.patience.value_or(recipe.patience);
    plan.batch = options_.batch.value_or(recipe.batch);
    plan.weight_decay = options_.weight_decay.value_or(recipe.weight_decay);
    plan.target = info_;
    plan.network = &network_;
    plan.preprocessor = &preprocessor_;
    return plan;
  }

  std::size_t members() const {
    return rows_.folds.empty() ? 1
                               : static_cast<std::size_t>(
                                     *std::max_element(rows_.folds.begin(), rows_.folds.end())) +
                                     1;
  }

  nn::FitData data_for(std::span<const int64_t> positions) const {
    nn::FitData data{preprocessor_.transform(table_, table_rows(positions)),
                     target_array(info_, target_, positions)};
    if (!class_weights_.empty()) {
      const std::vector<int32_t> classes = values_at(target_.classes, positions);
      data.weights = nn::weights_of_classes(array(classes, {static_cast<int64_t>(classes.size())}),
                                            class_weights_);
    }
    return data;
  }

  nn::EnsembleResult fit(const TrainPlan& plan) {
    nn::FitOptions fit;
    fit.loss = loss_;
    fit.loss_options = options_.loss_options;
    fit.optimizer = options_.optimizer;
    if (options_.spare_biases) fit.optimizer.decay_factors = nn::decay_factors(network_, 0);
    fit.optimizer.weight_decay = plan.weight_decay;
    fit.epochs = plan.epochs;
    fit.batch = plan.batch;
    fit.accumulate = options_.accumulate;
    fit.seed = options_.seed;
    fit.patience = plan.patience;
    fit.average_decay = options_.average_decay;
    fit.on_epoch = options_.on_epoch;
    fit.on_progress = options_.on_progress;
    fit.keep_going = options_.keep_going;
    nn::FitData train = data_for(rows_.train);
    if (!rows_.folds.empty()) train.folds = array(rows_.folds, {plan.train_rows});
    std::optional<nn::FitData> validation;
    if (!rows_.validation.empty()) validation = data_for(rows_.validation);
    const nn::FitData* judge = validation ? &*validation : nullptr;
    std::optional<Checkpoints> checkpoints;
    if (options_.checkpoint) {
      checkpoints.emplace(*options_.checkpoint, fingerprint(options_, plan, train, judge),
                          [this](const std::string& text) {
                            if (options_.on_note) options_.on_note(text);
                          });
      fit.resume = checkpoints->resume();
      fit.on_step = [&](const std::function<nn::FitState()>& state) {
        const bool ends = options_.keep_going && !options_.keep_going();
        if (ends || checkpoints->is_due()) checkpoints->save(state());
      };
    }
    return nn::fit_ensemble(network_, first_values(), train, judge, fit);
  }

  // Of each member, which starts elsewhere than the others.
  std::vector<std::vector<Array>> first_values() const {
    Generator generator(options_.seed);
    std::vector<std::vector<Array>> all(members());
    for (std::vector<Array>& member : all)
      for (const nn::Parameter& p : network_.init(generator, options_.init))
        member.push_back(p.value);
    return all;
  }

  std::vector<nn::Parameter> named(const std::vector<Array>& values) const {
    std::vector<nn::Parameter> parameters;
    for (const nn::ParameterShape& p : network_.parameter_shapes())
      parameters.push_back({p.name, values[parameters.size()]});
    return parameters;
  }

  Model model_of(std::vector<std::vector<nn::Parameter>> members,
                 std::map<std::string, Metrics> metrics = {}) const {
    return Model(std::make_shared<Model::Impl>(info_, preprocessor_, network_, std::move(members),
                                               std::move(metrics)));
  }

  // Scores of predictions, beside those of the trivial predictor.
  void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                  const Prediction& predictions, const TargetValues& truth) const {
    metrics[which] = defined(score(info_, predictions, truth.classes, truth.values));
    const Prediction trivial =
        trivial_prediction(info_, values_at(target_.classes, rows_.train),
                           values_at(target_.values, rows_.train), predictions.rows);
    metrics[which + "_baseline"] = defined(score(info_, trivial, truth.classes, truth.values));
  }
  void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                  const Model& model, const Table& table, const TargetValues& truth) const {
    if (truth.rows.empty()) return;
    add_scores(metrics, which, model.predict(table.select_rows(truth.rows)), truth);
  }

  // Every training row judged by the member that did not learn from it.
  void add_scores_out_of_fold(std::map<std::string, Metrics>& metrics,
                              const std::vector<std::vector<nn::Parameter>>& members) const {
    if (rows_.folds.empty()) return;
    std::vector<int64_t> order;
    Prediction all{{}, 0, static_cast<int64_t>(info_.classes.size())};
    for (std::size_t k = 0; k < members.size(); ++k) {
      std::vector<int64_t> left_out;
      for (std::size_t i = 0; i < rows_.folds.size(); ++i)
        if (rows_.folds[i] == static_cast<int64_t>(k)) left_out.push_back(rows_.train[i]);
      const Prediction own =
          model_of({members[k]}).predict(table_.select_rows(table_rows(left_out)));
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
    std::vector<std::vector<nn::Parameter>> members;
    for (const nn::EnsembleResult::Member& member : fit.members)
      members.push_back(named(member.parameters));
    const Model unscored = model_of(members);
    std::map<std::string, Metrics> metrics;
    add_scores_out_of_fold(metrics, members);
    add_scores(metrics, "validation", unscored, table_, subset(rows_.validation));
    if (test_) add_scores(metrics, "test", unscored, *test_, read_target(*test_, info_));
    else add_scores(metrics, "test", unscored, table_, subset(rows_.test));
    TrainResult result{model_of(std::move(members), std::move(metrics)), std::move(fit),
                       std::move(plan)};
    result.plan.network = &result.model.network();
    result.plan.preprocessor = &result.model.preprocessor();
    return result;
  }

  const Table& table_;
  const TrainOptions& options_;
  const Table* test_;
  TargetInfo info_;
  TargetValues target_;
  nn::Loss loss_ = nn::Loss::binary_cross_entropy;
  Rows rows_;
  std::vector<double> class_weights_;
  Preprocessor preprocessor_;
  nn::Sequential network_;
};

}  // namespace

TrainResult train(const Table& table, const TrainOptions& options, const Table* test) {
  return Training(table, options, test).run();
}

}  // namespace lanewise
