#include "tabular/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "lanewise/error.h"
#include "tabular/checkpoints.h"
#include "tabular/model_impl.h"
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
  // Many rows take many steps, each of which decays the weights.
  constexpr double kManyRows = 50'000;
  if (rows >= few_rows) return {60, 8, 256, std::min(1.0, kManyRows / static_cast<double>(rows))};
  const double power = std::round(std::log2(std::max(1.0, static_cast<double>(rows) / 16)));
  return {200, 20, std::clamp<int64_t>(int64_t{1} << static_cast<int>(power), 16, 256), 0.5};
}

void require(bool holds, std::string_view what, double value, std::string_view range) {
  if (!holds) throw ValueError(fmt::format("{} is {}, expected {}", what, value, range));
}

nn::MemberOptions member_options(const TrainOptions& options, const TrainPlan& plan) {
  nn::MemberOptions own;
  own.loss_options = options.loss_options;
  own.optimizer = options.optimizer;
  if (options.spare_biases) own.optimizer.decay_factors = nn::decay_factors(*plan.network, 0);
  own.optimizer.weight_decay = plan.weight_decay;
  own.epochs = plan.epochs;
  own.patience = plan.patience;
  own.average_decay = options.average_decay;
  return own;
}

nn::BatchOptions batch_options(const TrainOptions& options, const TrainPlan& plan) {
  nn::BatchOptions shared;
  shared.loss = loss_for(plan.target.task, options.loss);
  shared.batch = plan.batch;
  shared.accumulate = options.accumulate;
  shared.seed = options.seed;
  shared.on_epoch = options.on_epoch;
  shared.on_progress = options.on_progress;
  shared.keep_going = options.keep_going;
  return shared;
}

std::vector<std::vector<Array>> first_values(const TrainOptions& options, const TrainPlan& plan) {
  Generator generator(options.seed);
  std::vector<std::vector<Array>> all(static_cast<std::size_t>(plan.members));
  for (std::vector<Array>& member : all)
    for (const nn::Parameter& p : plan.network->init(generator, options.init))
      member.push_back(p.value);
  return all;
}

}  // namespace

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

bool share_batches(const TrainOptions& a, const TrainOptions& b) {
  const auto shared = [](const TrainOptions& o) {
    return std::tie(o.target, o.task, o.encoding, o.folds, o.validation, o.test_fraction, o.seed,
                    o.batch, o.accumulate, o.loss, o.class_weights, o.balance_classes);
  };
  return shared(a) == shared(b);
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

void follow_recipe(const TrainOptions& options, TrainPlan& plan) {
  const Recipe recipe = recipe_for(plan.train_rows, options.encoding.few_rows);
  plan.epochs = options.epochs.value_or(recipe.epochs);
  plan.patience = options.patience.value_or(recipe.patience);
  plan.batch = options.batch.value_or(recipe.batch);
  plan.weight_decay = options.weight_decay.value_or(recipe.weight_decay);
}

std::vector<nn::EnsembleResult> fit_as_planned(std::span<const TrainOptions> all,
                                               std::span<const TrainPlan> plans,
                                               const std::function<nlohmann::json()>& fingerprint,
                                               const Fit& fit) {
  const TrainOptions& options = all[0];
  nn::BatchOptions shared = batch_options(options, plans[0]);
  std::optional<Checkpoints> checkpoints;
  if (options.checkpoint) {
    checkpoints.emplace(*options.checkpoint, fingerprint(), [&](const std::string& text) {
      if (options.on_note) options.on_note(text);
    });
    shared.resume = checkpoints->resume();
    shared.on_step = [&](const std::function<nn::FitState()>& state) {
      const bool ends = options.keep_going && !options.keep_going();
      if (ends || checkpoints->is_due()) checkpoints->save(state());
    };
  }
  std::vector<nn::Ensemble> ensembles;
  for (std::size_t i = 0; i < all.size(); ++i)
    ensembles.push_back(
        {*plans[i].network, first_values(all[i], plans[i]), member_options(all[i], plans[i])});
  return fit(std::move(ensembles), shared);
}

std::vector<std::vector<Array>> parameters_of(const nn::EnsembleResult& fit) {
  std::vector<std::vector<Array>> members;
  for (const nn::EnsembleResult::Member& member : fit.members) members.push_back(member.parameters);
  return members;
}

Model model_of(const TrainPlan& plan, const std::vector<std::vector<Array>>& members,
               std::map<std::string, Metrics> metrics) {
  std::vector<std::vector<nn::Parameter>> all;
  for (const std::vector<Array>& values : members) {
    std::vector<nn::Parameter>& named = all.emplace_back();
    for (const nn::ParameterShape& p : plan.network->parameter_shapes())
      named.push_back({p.name, values[named.size()]});
  }
  return Model(std::make_shared<Model::Impl>(plan.target, plan.objective, *plan.preprocessor,
                                             *plan.network, std::move(all), std::move(metrics)));
}

TrainResult result_of(nn::EnsembleResult fit, TrainPlan plan,
                      std::map<std::string, Metrics> metrics) {
  Model model = model_of(plan, parameters_of(fit), std::move(metrics));
  plan.network = &model.network();
  plan.preprocessor = &model.preprocessor();
  return {std::move(model), std::move(fit), std::move(plan)};
}

}  // namespace lanewise
