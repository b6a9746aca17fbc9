// The recipe for a file of any size: see train() of a path in lanewise/tabular.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/file_names.h"
#include "lanewise/error.h"
#include "tabular/fingerprint.h"
#include "tabular/model_impl.h"
#include "tabular/recipe.h"
#include "tabular/rows.h"
#include "tabular/spooled_samples.h"
#include "tabular/spooled_table.h"

namespace lanewise {
namespace {

constexpr int64_t kLeastMemory = 256 << 20;
constexpr int64_t kMostSampled = 1 << 16;  // rows
constexpr int64_t kMostScored = 1 << 20;
constexpr int64_t kBlock = 1024;

// Answers for rows, and what they should have been.
struct Scored {
  Prediction answers;
  TargetValues truth;

  explicit Scored(const TargetInfo& info)
      : answers{{}, 0, static_cast<int64_t>(info.classes.size())} {}

  void add(const Prediction& part, const TargetValues& target) {
    append(answers.values, part.values);
    answers.rows += part.rows;
    append(truth.classes, target.classes);
    append(truth.values, target.values);
  }

  // models: one for each fold, or one for all rows.
  void add(std::span<const Model> models, const Samples& samples) {
    const auto outputs = static_cast<std::size_t>(models[0].outputs());
    Prediction all = models[0].predict(samples.x);
    for (std::size_t k = 1; k < models.size(); ++k) {
      const Prediction own = models[k].predict(samples.x);
      for (std::size_t i = 0; i < own.values.size(); ++i)
        if (samples.folds[i / outputs] == static_cast<int64_t>(k)) all.values[i] = own.values[i];
    }
    add(all, samples.target);
  }

 private:
  template <class T>
  static void append(std::vector<T>& all, const std::vector<T>& part) {
    all.insert(all.end(), part.begin(), part.end());
  }
};

class StreamTraining {
 public:
  StreamTraining(const std::string& path, const CsvOptions& csv, const TrainOptions& options,
                 const StreamOptions& stream, const std::string& test)
      : path_(path), csv_(csv), options_(options), stream_(stream), test_(test) {}

  TrainResult run() {
    validate(options_);
    refuse_pipe(path_);
    refuse_pipe(test_);
    if (stream_.memory < kLeastMemory)
      throw ValueError(
          fmt::format("memory is {} bytes, expected {} or more", stream_.memory, kLeastMemory));
    SpooledTable table = spooled();
    info_ = target_of(table);
    loss_for(info_.task, options_.loss);  // one of another task is told now
    shares_ = class_shares(table);
    check_rows(table);
    const Preprocessor preprocessor = preprocessor_of(table);
    const nn::Sequential network = make_network(options_, info_, preprocessor.width());
    const TrainPlan plan = make_plan(table, preprocessor, network);
    check_memory(plan);
    if (options_.on_start) options_.on_start(plan);
    const SampleEncoding encoding{table.columns, info_, preprocessor.transform_of(table.columns),
                                  plan.objective.class_weights};
    const SpooledSamples train(encoding, table.train, plan.members > 1 ? &table.folds : nullptr),
        validation(encoding, table.validation), held_out(encoding, table.test);
    nn::EnsembleResult fit = this->fit(plan, table.checksum(), train, validation);
    const std::vector<std::vector<Array>> members = parameters_of(fit);
    std::map<std::string, Metrics> metrics;
    if (plan.members > 1) add_scores(metrics, "out_of_fold", plan, members, train);
    add_scores(metrics, "validation", plan, members, validation);
    add_scores(metrics, "test", plan, members, held_out);
    if (!test_.empty()) add_scores_of_file(metrics, model_of(plan, members), table.columns);
    return result_of(std::move(fit), plan, std::move(metrics));
  }

 private:
  SpooledTable spooled() const {
    int64_t read = 0;
    const Table columns = read_columns(path_, csv_, [&](const Table& part) {
      read += part.rows;
      if (stream_.on_read) stream_.on_read(read, 0);
    });
    for (const std::string& warning : columns.warnings)
      if (options_.on_note) options_.on_note(warning);
    const auto width = static_cast<int64_t>(columns.columns.size());
    SpoolOptions how;
    how.target = options_.target;
    how.folds = folds_of(columns.rows, options_.folds);
    how.validation = options_.validation;
    how.test = test_.empty() ? options_.test_fraction : 0;
    how.seed = options_.seed;
    // Held twice for a while: as rows, and as columns.
    how.sample = std::min(kMostSampled, stream_.memory / 8 / 8 / width);
    how.folder = stream_.folder;
    how.on_read = stream_.on_read;
    return spool_table(path_, csv_, columns, how);
  }

  TargetInfo target_of(const SpooledTable& table) const {
    TargetInfo info =
        recognize_target(table.target_table(options_.target), options_.target, options_.task);
    if (info.task != Task::regression) return info;
    info.mean = table.mean;
    info.scale = std::sqrt(table.squares / static_cast<double>(table.train.rows()));
    if (!(info.scale > 0)) info.scale = 1;
    return info;
  }

  std::vector<double> class_shares(const SpooledTable& table) const {
    const Column& target = table.columns.column(info_.column);
    std::map<std::string, int64_t> rows_of;
    for (const auto& [value, rows] : table.values)
      rows_of[target.is_text ? target.dictionary[static_cast<std::size_t>(value)]
                             : fmt::format("{}", value)] = rows;
    std::vector<double> shares;
    for (const std::string& label : info_.classes)
      shares.push_back(static_cast<double>(rows_of[label]) /
                       static_cast<double>(table.train.rows()));
    return shares;
  }

  void check_rows(const SpooledTable& table) const {
    const std::string& source = table.columns.source;
    if (table.train.rows() < 2)
      throw DataError(fmt::format("{}: too few rows to train on: {} left, at least 2 needed",
                                  source, table.train.rows()),
                      source);
    for (std::size_t k = 0; k < shares_.size(); ++k)
      if (shares_[k] == 0)
        throw DataError(
            fmt::format("{}: class '{}' has no training row; it is too rare to be split", source,
                        info_.classes[k]),
            source);
  }

  Preprocessor preprocessor_of(const SpooledTable& table) const {
    std::vector<int64_t> all(static_cast<std::size_t>(table.sample.rows));
    std::iota(all.begin(), all.end(), int64_t{0});
    return Preprocessor::fit(table.sample, all, info_.column, options_.encoding);
  }

  TrainPlan make_plan(const SpooledTable& table, const Preprocessor& preprocessor,
                      const nn::Sequential& network) const {
    TrainPlan plan;
    plan.train_rows = table.train.rows();
    plan.validation_rows = table.validation.rows();
    plan.test_rows =
        test_.empty() ? table.test.rows() : check_test_file(preprocessor, table.columns);
    plan.dropped_rows = table.dropped;
    plan.members =
        static_cast<int>(table.folds.rows() > 0 ? folds_of(table.rows, options_.folds) : 1);
    plan.features = preprocessor.width();
    plan.target = info_;
    plan.objective = {loss_for(info_.task, options_.loss), options_.loss_options,
                      class_weights(info_, options_, shares_)};
    plan.network = &network;
    plan.preprocessor = &preprocessor;
    follow_recipe(options_, plan);
    return plan;
  }

  static constexpr int64_t kWindows = 10;  // as much memory as so many take: copies, runs ahead
  static int64_t row_bytes(const TrainPlan& plan) {
    constexpr int64_t kBesideX = 4;  // numbers of a row
    return (plan.features + kBesideX) * static_cast<int64_t>(sizeof(float));
  }
  int64_t window(const TrainPlan& plan) const {
    return stream_.memory / kWindows / row_bytes(plan);
  }

  void check_memory(const TrainPlan& plan) const {
    constexpr int64_t kOfParameter = 8 * sizeof(float);  // gradient, moments, averages, copies
    const int64_t needed = kWindows * kBlock * row_bytes(plan) +
                           kOfParameter * plan.members * plan.network->parameter_count();
    if (stream_.memory < needed)
      throw ValueError(fmt::format(
          "memory is {} bytes, but {} rows of {} features and the parameters of {} {} need about "
          "{}; give more, or make fewer features: fewer bins, common values or categories",
          stream_.memory, kBlock, plan.features, plan.members,
          plan.members == 1 ? "network" : "networks", needed));
  }

  nn::EnsembleResult fit(const TrainPlan& plan, uint32_t checksum, const SpooledSamples& train,
                         const SpooledSamples& validation) const {
    const auto rows = source_of(train), judging = source_of(validation);
    const nn::FitStream stream{rows.get(), train.has_weights(), train.has_folds(), window(plan)},
        judge{judging.get(), validation.has_weights(), false, window(plan)};
    nn::EnsembleResult fit =
        fit_as_planned(
            {&options_, 1}, {&plan, 1},
            [&] {
              nlohmann::json run = fingerprint(options_, plan, checksum);
              run["memory"] = stream_.memory;
              return run;
            },
            [&](std::vector<nn::Ensemble> ensembles, const nn::BatchOptions& how) {
              return nn::fit_ensembles(std::move(ensembles), stream,
                                       validation.rows() > 0 ? &judge : nullptr, how);
            })
            .front();
    if (!fit.failure.empty()) throw ValueError(fit.failure);
    return fit;
  }

  // Of rows, evenly spread where they are many: each by the network that left out its fold, or by
  // all.
  void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                  const TrainPlan& plan, const std::vector<std::vector<Array>>& members,
                  const SpooledSamples& samples) const {
    if (samples.rows() == 0) return;
    std::vector<Model> models;
    if (samples.has_folds())
      for (const std::vector<Array>& member : members) models.push_back(model_of(plan, {member}));
    else models.push_back(model_of(plan, members));
    const int64_t stride = (samples.rows() + kMostScored - 1) / kMostScored;
    Scored scored(info_);
    for (int64_t first = 0; first < samples.rows(); first += kBlock * stride) {
      const Samples s = samples.read(first, std::min(kBlock, samples.rows() - first));
      scored.add(models, s);
    }
    lanewise::add_scores(metrics, which, info_, shares_, scored.answers, scored.truth);
  }

  // Each part of the test file, read as the columns of the training file.
  template <class Use>
  void read_test_file(const Table& columns, int64_t rows, Use use) const {
    CsvOptions csv = csv_;
    for (const Column& column : columns.columns)
      if (column.is_text) csv.as_text.push_back(column.name);
    const auto parts = read_ahead(table_source(test_, csv));
    for (Table part = parts->pull(rows); part.rows > 0; part = parts->pull(rows)) use(part);
  }

  // Its rows, of which a model can judge each that has a target: what is wrong is told before
  // training, not after.
  int64_t check_test_file(const Preprocessor& preprocessor, const Table& columns) const {
    int64_t rows = 0;
    read_test_file(columns, INT64_MAX, [&](const Table& part) {
      preprocessor.check(part, read_target(part, info_).rows);
      rows += part.rows;
    });
    return rows;
  }

  void add_scores_of_file(std::map<std::string, Metrics>& metrics, const Model& model,
                          const Table& columns) const {
    Scored scored(info_);
    read_test_file(columns, model.part_rows(), [&](const Table& part) {
      const TargetValues truth = read_target(part, info_);
      scored.add(model.predict(part.select_rows(truth.rows)), truth);
    });
    lanewise::add_scores(metrics, "test", info_, shares_, scored.answers, scored.truth);
  }

  const std::string& path_;
  const CsvOptions& csv_;
  const TrainOptions& options_;
  const StreamOptions& stream_;
  const std::string& test_;
  TargetInfo info_;
  std::vector<double> shares_;  // of the classes, among the training rows
};

}  // namespace

TrainResult train(const std::string& path, const CsvOptions& csv, const TrainOptions& options,
                  const StreamOptions& stream, const std::string& test) {
  return StreamTraining(path, csv, options, stream, test).run();
}

}  // namespace lanewise
