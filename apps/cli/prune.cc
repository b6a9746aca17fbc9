// lanewise prune: a smaller model from a trained one.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string model, data, output;
  CsvFlags csv;
  PruneOptions options;
};

// Multiply-adds of a row, of all members, count as two.
int64_t flops_of(const Model& model) {
  int64_t sum = 0;
  for (const nn::ParameterShape& p : model.network().parameter_shapes())
    if (p.shape.rank() == 2) sum += 2 * element_count(p.shape);
  return sum * model.members();
}

int64_t zeros_in(const Model& model) {
  int64_t zeros = 0;
  for (const Array& values : model.parameters()) {
    const auto all = values.to_vector<float>();
    zeros += std::count(all.begin(), all.end(), 0.0f);
  }
  return zeros;
}

struct Size {
  int64_t parameters, zeros, flops, file_bytes;
};

Size size_of(const Model& model, const std::string& file) {
  return {model.members() * model.network().parameter_count(), zeros_in(model), flops_of(model),
          static_cast<int64_t>(std::filesystem::file_size(file))};
}

Json size_json(const Size& size) {
  return {{"parameters", size.parameters},
          {"zeros", size.zeros},
          {"flops", size.flops},
          {"file_bytes", size.file_bytes}};
}

std::string size_text(const Size& before, const Size& after) {
  const auto line = [](std::string_view what, int64_t from, int64_t to) {
    return fmt::format("{:<18} {:>14} {:>14}\n", what, grouped(from), grouped(to));
  };
  return fmt::format("{:<18} {:>14} {:>14}\n", "", "before", "after") +
         line("parameters", before.parameters, after.parameters) +
         line("of them 0", before.zeros, after.zeros) +
         line("FLOPs a row", before.flops, after.flops) +
         line("bytes of the file", before.file_bytes, after.file_bytes);
}

int prune(Flags flags, const Output& output) {
  refuse_same_file({{"--data", flags.data}}, {{"--output", flags.output}});
  {
    AtomicFile probe(flags.output);
  }  // a folder that can't be written is told now, not after the work
  const Model model = Model::load(flags.model);
  const Size before = size_of(model, flags.model);
  const Table table = open_table_for(model, flags.data, flags.csv, output);
  watch_interrupts();
  flags.options.keep_going = [] { return !interrupted(); };
  const PruneResult result = lanewise::prune(model, table, flags.options);
  result.model.save(flags.output);
  const Size after = size_of(result.model, flags.output);

  output.result(
      fmt::format("{}, by {}\n\n{}\n{}\non the rows held out; {} of training\n"
                  "model saved: {}\n",
                  flags.model, name(flags.options.by), size_text(before, after),
                  metrics_table({{"before", result.before}, {"after", result.after}}),
                  counted(static_cast<int64_t>(result.fit.history.size()), "epoch"), flags.output),
      {{"model", flags.model},
       {"output", flags.output},
       {"by", name(flags.options.by)},
       {"share", flags.options.share},
       {"bfloat16", flags.options.bfloat16},
       {"epochs", result.fit.history.size()},
       {"interrupted", result.fit.interrupted},
       {"before", {{"size", size_json(before)}, {"metrics", metrics_json(result.before)}}},
       {"after", {{"size", size_json(after)}, {"metrics", metrics_json(result.after)}}}});
  if (!result.fit.interrupted) return kDone;
  output.complain("interrupted; what training had got to is saved in " + flags.output);
  return kInterrupted;
}

}  // namespace

Run add_prune(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  PruneOptions& o = flags->options;
  const FlagGroup group = line.group();
  group.value("--model", flags->model, "FILE", "a model that train saved").required();
  group
      .value("--data", flags->data, "FILE",
             "rows with answers, to train and judge: CSV, .npy or .npz")
      .required();
  group.value("--output", flags->output, "FILE", "the smaller model").required();
  group
      .text(
          "--by", [&o](const std::string& text) { o.by = prune_by_from_name(text); }, "WHAT",
          "units: the network gets smaller and faster; weights: single ones become 0")
      .by_default("units");
  group.value("--share", o.share, "SHARE", "that goes, of each layer").check(share_or_all());
  group.value("--epochs", o.epochs, "N", "of training what is left; 0: none").check(at_least(0));
  group.value("--lr", o.optimizer.learning_rate, "RATE", "learning rate").check(above_zero());
  group.value("--seed", o.seed, "N", "of the rows held out and the batches");
  group.toggle(
      "--bfloat16", o.bfloat16,
      "round weights to 16 bits at the end: half the file, single rows are answered sooner");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
A tenth of the rows is held out to judge; the model is trained on the others,
with the loss and the class weights of its own training. Rows that it learnt
from when it was made judge too well: give others where there are some.
--output may be --model itself, which it replaces at the end.

Example:
  lanewise prune --model m.safetensors --data train.csv --output small.st
  lanewise prune --model m.safetensors --data train.csv --output half.st \
      --share 0 --epochs 0 --bfloat16)text");
  return [flags](Output& output) { return prune(*flags, output); };
}

}  // namespace lanewise::cli
