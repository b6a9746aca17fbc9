// lanewise train: a table becomes a trained network in a file.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>

#include "base/cpu.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/meter.h"
#include "cli/progress.h"
#include "cli/spec.h"
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

// Trains with each of several options at once.
using Train = std::function<std::vector<TrainResult>(std::span<const TrainOptions>)>;

// names: of several options, "" else.
std::vector<TrainResult> watched(const Train& train, const std::string& source,
                                 std::vector<TrainOptions> all,
                                 const std::vector<std::string>& names, Progress& progress,
                                 TrainingLog* log, const Output& output) {
  TrainPlan together;  // as if all networks were one ensemble
  together.members = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].on_start = [&, i](const TrainPlan& plan) {
      if (!names.empty()) output.note("{}", names[i]);
      if (!output.json()) output.write(start_text(plan, source));
      if (i == 0) warn_of_dropped(plan, output);
      together.members += plan.members;
      together.epochs = std::max(together.epochs, plan.epochs);
      together.validation_rows = plan.validation_rows;
      if (i + 1 == all.size()) progress.start(together);
    };
  TrainOptions& first = all[0];
  first.keep_going = [] { return !interrupted(); };
  first.on_progress = [&](double fraction) { progress.fraction(fraction); };
  first.on_epoch = [&](const nn::EpochReport& report) {
    progress.epoch(report);
    if (log) log->epoch(report);
  };
  first.on_note = [&](const std::string& note) { output.warn("{}", note); };
  std::vector<TrainResult> results = train(all);
  progress.end();
  return results;
}

Train train_on(const Data& data) {
  return [&data](std::span<const TrainOptions> all) {
    return train(data.table, all, data.test ? &*data.test : nullptr);
  };
}

// The rows lie in scratch files.
Train train_on_stream(const TrainFlags& flags) {
  return [&flags](std::span<const TrainOptions> all) {
    StreamOptions stream = *flags.stream;
    std::error_code unknown;  // the size of a pattern
    const auto size = std::filesystem::file_size(flags.data, unknown);
    Meter meter;
    int64_t read = 0;
    stream.on_read = [&](int64_t rows, int64_t of) {
      if (interrupted()) throw Interrupted{};
      if (of == 0) return;  // the first time, when their number isn't known
      if (read == 0) meter.start("reading", of, unknown ? 0 : static_cast<int64_t>(size) / of);
      meter.add(rows - read);
      read = rows;
      if (read == of) meter.clear();
    };
    return std::vector<TrainResult>{
        train(flags.data, csv_options(flags, {}), all[0], stream, flags.test)};
  };
}

std::string memory_text(int64_t limit) {
  return fmt::format("memory: {} at most, of {}\n", data_size(static_cast<double>(peak_memory())),
                     data_size(static_cast<double>(limit)));
}

Ranking sweep(const std::vector<Candidate>& all, const Data& data, Progress& progress,
              const Output& output) {
  check_candidates(all, data.table);
  Ranking ranking(all.size());
  for (const std::vector<std::size_t>& group : sharing_batches(all)) {
    std::vector<TrainOptions> options;
    std::vector<std::string> names;
    for (std::size_t i : group) {
      options.push_back(all[i].options);
      names.push_back(fmt::format("candidate {} of {}: {}", i + 1, all.size(), all[i].text()));
    }
    std::vector<TrainResult> results =
        watched(train_on(data), data.table.source, options, names, progress, nullptr, output);
    for (std::size_t k = 0; k < group.size(); ++k)
      ranking.add(all[group[k]], std::move(results[k]));
    if (interrupted()) break;
  }
  if (ranking.empty()) throw Interrupted{};
  return ranking;
}

// Of the optimizer, or of one that is swept.
void check_optimizer_flags(const CommandLine& line, const TrainFlags& flags,
                           const std::vector<Candidate>& all) {
  std::vector<OptimizerKind> kinds = {flags.options.optimizer.kind};
  if (!all.empty()) kinds.clear();
  for (const Candidate& candidate : all) kinds.push_back(candidate.options.optimizer.kind);
  for (const std::string_view flag : kOptimizerFlags)
    if (line.find(std::string(flag))->is_given() || (!all.empty() && all[0].sweeps(flag.substr(2))))
      refuse_without_effect(flag, kinds);
}

int run(TrainFlags flags, const CommandLine& line, const Output& output) {
  flags.settle();
  refuse_same_file({{"--data", flags.data}, {"--test", flags.test}, {"--config", flags.config}},
                   {{"--model", flags.model}, {"--log", flags.log}});
  const std::vector<Candidate> all =
      flags.sweep.empty() ? std::vector<Candidate>{} : candidates(flags);
  check_optimizer_flags(line, flags, all);
  {
    AtomicFile probe(flags.model);
  }  // a folder that can't be written is told now, not after the work
  const Data data = flags.stream ? Data{} : read_data(flags, output);
  std::optional<TrainingLog> log;
  if (!flags.log.empty()) log.emplace(flags.log);

  watch_interrupts();
  const std::unique_ptr<Progress> progress = make_progress(output, flags.quiet);
  std::optional<Ranking> ranking;
  if (!all.empty()) ranking = sweep(all, data, *progress, output);
  const std::string source = name_of_data(flags.data);
  const TrainResult result =
      ranking ? ranking->best()
              : watched(flags.stream ? train_on_stream(flags) : train_on(data), source,
                        {flags.options}, {}, *progress, log ? &*log : nullptr, output)
                    .front();
  if (!result.fit.failure.empty()) throw ValueError(result.fit.failure);
  result.model.save(flags.model);
  Json summary = to_json(result, flags.model);
  if (ranking) summary.update({{"sweep", ranking->json()}, {"untrained", ranking->untrained()}});
  if (flags.stream) summary["memory"] = {{"limit", flags.stream->memory}, {"peak", peak_memory()}};
  if (log) log->end(summary);
  output.result((ranking ? ranking->table() + "\nof the best: " : "") +
                    end_text(result, flags.model) +
                    (flags.stream ? memory_text(flags.stream->memory) : ""),
                summary);
  if (!interrupted()) return kDone;
  output.complain(how_it_ended(result) + ", saved in " + flags.model);
  return kInterrupted;
}

}  // namespace

Run add_train(CommandLine& line) {
  auto flags = std::make_shared<TrainFlags>();
  add_train_flags(line, *flags);
  line.footer(R"text(
Without flags the recipe of docs/training.md is followed. Ctrl-C ends training
early: the best model so far is saved, the exit code is 130.

Examples:
  lanewise train --data customers.csv --target churned --model m.safetensors
  lanewise train --data houses.csv --target price --model m.safetensors \
    --test-fraction 0.2 --hidden 256,128 --epochs 20 --seed 1
  lanewise train --data churn.csv --target churned --model m.safetensors \
    --quick --sweep "hidden=64,128:64 lr=1e-3,3e-3"
  lanewise train --data users.csv --target churned --model m.safetensors \
    --memory 512M --quick
  lanewise train --config churn.json
    {"data": "customers.csv", "target": "churned", "model": "m.safetensors"})text");
  return [flags, &line](Output& output) { return run(*flags, line, output); };
}

}  // namespace lanewise::cli
