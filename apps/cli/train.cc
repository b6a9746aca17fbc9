// lanewise train: a table becomes a trained network in a file.
#include <memory>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/sweep.h"
#include "cli/train_flags.h"
#include "cli/train_report.h"
#include "cli/training_log.h"
#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

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

void warn_of_dropped(const TrainPlan& plan, const Output& output) {
  if (plan.dropped_rows > 0)
    output.warn("{} without a value of '{}' left out", counted(plan.dropped_rows, "row"),
                plan.target.column);
}

struct Data {
  Table table;
  std::optional<Table> test;
};

Data read_data(const TrainFlags& flags, const Output& output) {
  Data data{open_table(flags.data, csv_options(flags, {}), output), {}};
  if (!flags.test.empty())
    data.test = open_table(flags.test, csv_options(flags, text_columns(data.table)), output);
  return data;
}

TrainResult train_on(const Data& data, TrainOptions o, Progress& progress, TrainingLog* log,
                     const Output& output) {
  o.keep_going = [] { return !interrupted(); };
  o.on_progress = [&](double fraction) { progress.fraction(fraction); };
  o.on_epoch = [&](const nn::EpochReport& report) {
    progress.epoch(report);
    if (log) log->epoch(report);
  };
  o.on_note = [&](const std::string& note) { output.warn("{}", note); };
  o.on_start = [&](const TrainPlan& plan) {
    if (!output.json()) output.write(start_text(plan, data.table.source));
    warn_of_dropped(plan, output);
    progress.start(plan);
  };
  TrainResult result = train(data.table, o, data.test ? &*data.test : nullptr);
  progress.end();
  return result;
}

Ranking sweep(const std::vector<Candidate>& all, const Data& data, Progress& progress,
              const Output& output) {
  Ranking ranking;
  for (std::size_t i = 0; i < all.size() && (i == 0 || !interrupted()); ++i) {
    output.note("candidate {} of {}: {}", i + 1, all.size(), all[i].text());
    ranking.add(all[i], train_on(data, all[i].options, progress, nullptr, output));
  }
  return ranking;
}

int run(TrainFlags flags, const Output& output) {
  flags.settle();
  const std::vector<Candidate> all =
      flags.sweep.empty() ? std::vector<Candidate>{} : candidates(flags);
  {
    AtomicFile probe(flags.model);
  }  // a folder that can't be written is told now, not after the work
  const Data data = read_data(flags, output);
  std::optional<TrainingLog> log;
  if (!flags.log.empty()) log.emplace(flags.log);

  watch_interrupts();
  const std::unique_ptr<Progress> progress = make_progress(output, flags.quiet);
  std::optional<Ranking> ranking;
  if (!all.empty()) ranking = sweep(all, data, *progress, output);
  const TrainResult result =
      ranking ? ranking->best()
              : train_on(data, flags.options, *progress, log ? &*log : nullptr, output);
  result.model.save(flags.model);
  Json summary = to_json(result, flags.model);
  if (ranking) summary["sweep"] = ranking->json();
  if (log) log->end(summary);
  output.result(
      (ranking ? ranking->table() + "\nof the best: " : "") + end_text(result, flags.model),
      summary);
  if (!interrupted()) return kDone;
  output.complain(how_it_ended(result) + ", saved in " + flags.model);
  return kInterrupted;
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
  lanewise train --data churn.csv --target churned --model m.safetensors \
    --quick --sweep "hidden=64,128:64 lr=1e-3,3e-3"
  lanewise train --config churn.json
    {"data": "customers.csv", "target": "churned", "model": "m.safetensors"})text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
