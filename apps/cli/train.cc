// lanewise train: a table becomes a trained network in a file.
#include <memory>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/train_flags.h"
#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

// The shell's code for a program that Ctrl-C ended.
constexpr int kInterrupted = 130;

CsvOptions csv_options(const TrainFlags& flags, const std::vector<std::string>& as_text) {
  CsvOptions options = flags.csv.over({});
  options.types = flags.options.encoding.types;
  options.as_text = as_text;
  return options;
}

// What holds text in the training rows is text in the test rows.
std::vector<std::string> text_columns(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns)
    if (column.is_text) names.push_back(column.name);
  return names;
}

std::string start_text(const TrainPlan& plan, const std::string& source) {
  std::string text = fmt::format("{}: {} to train on", source, counted(plan.train_rows, "row"));
  if (plan.validation_rows > 0)
    text += fmt::format(", {} to validate", grouped(plan.validation_rows));
  if (plan.test_rows > 0) text += fmt::format(", {} to test", grouped(plan.test_rows));
  text += fmt::format("\ntarget '{}': {}", plan.target.column, name(plan.target.task));
  const size_t classes = plan.target.classes.size();
  if (classes > 10) text += fmt::format(", {} classes", classes);
  else if (classes > 0) text += fmt::format(" ({})", fmt::join(plan.target.classes, ", "));
  text += fmt::format("\n{} from {}\n", counted(plan.features, "feature"),
                      counted(static_cast<int64_t>(plan.preprocessor->inputs().size()), "column"));
  for (const Preprocessor::Left& left : plan.preprocessor->left_out())
    text += fmt::format("  without '{}': {}\n", left.column, left.reason);
  return text + "\n" + plan.network->summary() + "\n";
}

std::string how_it_ended(const TrainResult& result) {
  const nn::FitResult& fit = result.fit;
  const int done = static_cast<int>(fit.history.size());
  if (fit.interrupted && done == 0)
    return "interrupted in the first epoch; its weights so far are kept";
  const std::string kept = result.plan.validation_rows > 0
                               ? fmt::format("epoch {}, the best, is kept", fit.best_epoch)
                               : std::string("the last weights are kept");
  if (fit.interrupted) return fmt::format("interrupted after {}; {}", counted(done, "epoch"), kept);
  if (fit.stopped_early)
    return fmt::format("ended after {}, the last {} without improvement; {}",
                       counted(done, "epoch"), result.plan.patience, kept);
  return fmt::format("ended after {}; {}", counted(done, "epoch"), kept);
}

std::vector<ScoredSet> scores(const Model& model) {
  std::vector<ScoredSet> sets;
  for (const std::string which : {"validation", "test"}) {
    sets.push_back({which, metrics_of(model.metrics(), which)});
    sets.push_back({"baseline", metrics_of(model.metrics(), which + "_baseline")});
  }
  return sets;
}

std::string end_text(const TrainResult& result, const TrainFlags& flags) {
  const std::string table = metrics_table(scores(result.model));
  return fmt::format("{}\n\n{}{}model saved: {}\n", how_it_ended(result), table,
                     table.empty() ? "" : "baseline: the same answer for every row\n\n",
                     flags.model);
}

Json scores_json(const std::map<std::string, Metrics>& all, const std::string& which) {
  const Metrics metrics = metrics_of(all, which);
  return metrics.empty() ? Json(nullptr) : metrics_json(metrics);
}

Json to_json(const TrainResult& result, const TrainFlags& flags, double seconds) {
  const TrainPlan& plan = result.plan;
  const std::map<std::string, Metrics>& all = result.model.metrics();
  const std::string judge = all.contains("test") ? "test" : "validation";
  Json network = Json::array({plan.network->inputs()});
  for (const auto& shape : plan.network->parameter_shapes())
    if (shape.name.ends_with("weight")) network.push_back(shape.shape[1]);
  return {{"model", flags.model},
          {"target",
           {{"column", plan.target.column},
            {"task", name(plan.target.task)},
            {"classes", plan.target.classes}}},
          {"rows",
           {{"train", plan.train_rows},
            {"validation", plan.validation_rows},
            {"test", plan.test_rows},
            {"dropped", plan.dropped_rows}}},
          {"features", plan.features},
          {"network", network},
          {"parameters", plan.network->parameter_count()},
          {"epochs", result.fit.history.size()},
          {"best_epoch", result.fit.best_epoch},
          {"interrupted", result.fit.interrupted},
          {"seconds", seconds},
          {"metrics_on", all.contains(judge) ? Json(judge) : Json(nullptr)},
          {"metrics", scores_json(all, judge)},
          {"validation", scores_json(all, "validation")},
          {"test", scores_json(all, "test")},
          {"baseline", scores_json(all, judge + "_baseline")}};
}

void warn_of_dropped(const TrainPlan& plan, const Output& output) {
  if (plan.dropped_rows > 0)
    output.warn("{} without a value of '{}' left out", counted(plan.dropped_rows, "row"),
                plan.target.column);
}

int run(TrainFlags flags, const Output& output) {
  {
    AtomicFile probe(flags.model);
  }  // a folder that can't be written is told now, not after the work
  const Table table = open_table(flags.data, csv_options(flags, {}), output);
  std::optional<Table> test;
  if (!flags.test.empty())
    test = open_table(flags.test, csv_options(flags, text_columns(table)), output);

  watch_interrupts();
  const std::unique_ptr<Progress> progress = make_progress(output, flags.quiet);
  TrainOptions& o = flags.options;
  o.keep_going = [] { return !interrupted(); };
  o.on_progress = [&](double fraction) { progress->fraction(fraction); };
  o.on_epoch = [&](const nn::EpochReport& report) { progress->epoch(report); };
  o.on_start = [&](const TrainPlan& plan) {
    if (!output.json()) output.write(start_text(plan, table.source));
    warn_of_dropped(plan, output);
    progress->start(plan.epochs);
  };
  const TrainResult result = train(table, o, test ? &*test : nullptr);
  progress->end();
  result.model.save(flags.model);
  const double seconds = result.fit.history.empty() ? 0 : result.fit.history.back().seconds;
  output.result(end_text(result, flags), to_json(result, flags, seconds));
  if (result.fit.interrupted) output.complain(how_it_ended(result) + ", saved in " + flags.model);
  return result.fit.interrupted ? kInterrupted : kDone;
}

}  // namespace

Run add_train(CLI::App& app) {
  auto flags = std::make_shared<TrainFlags>();
  add_train_flags(app, *flags);
  app.footer(R"text(
Without flags the recipe of docs/training.md is followed. Ctrl-C ends training
early: the best model so far is saved, the exit code is 130.

Examples:
  lanewise train --data customers.csv --target churned --model m.safetensors
  lanewise train --data houses.csv --target price --model m.safetensors \
    --test-fraction 0.2 --hidden 256,128 --epochs 20 --seed 1
  lanewise train --config churn.json
    {"data": "customers.csv", "target": "churned", "model": "m.safetensors"})text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
