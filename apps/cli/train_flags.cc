#include "cli/train_flags.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "cli/command.h"
#include "cli/spec.h"

namespace lanewise::cli {
namespace {

// "128,64" or "none", a network without hidden layers.
std::vector<int64_t> hidden_from(const std::string& text) {
  std::vector<int64_t> sizes;
  if (text == "none") return sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (bool more = true; more; ++at) {
    int64_t size = 0;
    const auto [stop, error] = std::from_chars(at, end, size);
    more = stop != end;
    if (error != std::errc{} || (more && *stop != ','))
      throw UsageError(
          fmt::format("--hidden: '{}' isn't a list of sizes as 128,64, nor 'none'", text));
    if (size < 1)
      throw UsageError(fmt::format("--hidden: a layer has {} units, needed are 1 or more", size));
    sizes.push_back(size);
    at = stop;
  }
  return sizes;
}

std::string hidden_text(const std::vector<int64_t>& sizes) {
  return fmt::format("{}", fmt::join(sizes, ","));
}

// "COLUMN=TYPE"; the name may hold '=' itself.
void add_type(const std::string& text, std::map<std::string, ColumnType>& types) {
  const size_t split = text.rfind('=');
  if (split == std::string::npos || split == 0)
    throw UsageError(fmt::format("--type: '{}' isn't COLUMN=TYPE, as zip=categorical", text));
  types[text.substr(0, split)] = column_type_from_name(text.substr(split + 1));
}

void add_data_flags(CommandLine& line, TrainFlags& flags) {
  const FlagGroup group = line.group("Data");
  TrainOptions& o = flags.options;
  group.value("--data", flags.data, "FILE", "rows to learn from: CSV, .npy or .npz; - is stdin")
      .required();
  group.value("--target", o.target, "COLUMN", "the column to predict").required();
  group.value("--model", flags.model, "FILE", "where to save the model").required();
  const Flag test = group.value("--test", flags.test, "FILE", "rows that judge the finished model");
  group.value("--test-fraction", o.test_fraction, "SHARE", "share of the rows held out as a test")
      .check(share())
      .excludes(test);
  group.each(
      "--task", [&o](const std::string& text) { o.task = task_from_name(text); }, "NAME",
      "binary, multiclass or regression [recognised]");
  group.each(
      "--type", [&o](const std::string& text) { add_type(text, o.encoding.types); }, "COLUMN=TYPE",
      "numeric, categorical, boolean, constant or identifier [recognised]");
  group.each(
      "--drop", [&o](const std::string& text) { o.encoding.drop.push_back(text); }, "COLUMN",
      "a column to leave out");
  group.value("--config", flags.config, "FILE", "JSON object of flags; those given here win");
}

void add_encoding_flags(CommandLine& line, EncodingOptions& o) {
  const FlagGroup group = line.group("Preprocessing");
  group
      .value("--bins", o.bins, "N",
             "most bins of the piecewise-linear encoding of numbers; 0: none")
      .check(at_least(0));
  group.value("--bin-rows", o.bin_rows, "N", "fewer bins where one would hold fewer than N rows")
      .check(at_least(1));
  group
      .value("--common-values", o.common_values, "N",
             "common numbers that get a feature each; 0: none")
      .check(at_least(0));
  group
      .value("--common-coverage", o.common_coverage, "SHARE",
             "only where these fill more than this share of rows")
      .check(share());
  group.value("--common-min-rows", o.common_min_rows, "N", "and each fills at least N rows")
      .check(at_least(1));
  group.value("--few-rows", o.few_rows, "N", "below N training rows numbers get neither")
      .check(at_least(0));
  group
      .value("--max-categories", o.max_categories, "N",
             "categories of a column that get a feature each")
      .check(at_least(1));
}

void add_network_flags(CommandLine& line, TrainOptions& o) {
  const FlagGroup group = line.group("Network");
  group
      .text(
          "--hidden", [&o](const std::string& text) { o.hidden = hidden_from(text); }, "SIZES",
          "units of the hidden layers, or none")
      .by_default(hidden_text(o.hidden));
  group.named("--activation", o.activation, nn::activation_from_name, "after each hidden layer");
  group.named("--init", o.init, nn::init_from_name,
              "of weights: uniform_fan_in, normal_001, xavier or he");
  group.value("--dropout", o.dropout, "SHARE", "of the hidden units").check(share());
}

void add_training_flags(CommandLine& line, TrainFlags& flags) {
  const FlagGroup group = line.group("Training");
  TrainOptions& o = flags.options;
  group.optional("--epochs", o.epochs, "N", "passes over the rows, at most", "60; few rows: 200")
      .check(at_least(1));
  group
      .optional("--patience", o.patience, "N", "epochs without improvement until it ends; 0: never",
                "8; few rows: 20")
      .check(at_least(0));
  group.optional("--batch", o.batch, "N", "rows of a step; 0: all", "256; few rows: 16 and up")
      .check(at_least(0));
  group
      .value("--accumulate", o.accumulate, "N",
             "batches that make a step, as one of all their rows")
      .check(at_least(1));
  const Flag folds =
      group.value("--folds", o.folds, "N", "networks, each leaves out a fold of the rows")
          .check(at_least(1));
  group.toggle("--quick", flags.quick, "one network instead: the same as --folds 1")
      .excludes(folds);
  group
      .optional("--validation", flags.validation, "SHARE",
                "of one network: rows that end training; 0: none", fmt::format("{}", o.validation))
      .check(share());
  group.value("--seed", o.seed, "N", "of splits, weights and batches: same seed, same bits")
      .check(at_least(0));
}

void add_loss_flags(CommandLine& line, TrainOptions& o) {
  const FlagGroup group = line.group("Training");
  group
      .text(
          "--loss", [&o](const std::string& text) { read_loss(text, o); }, "NAME",
          "classes: cross_entropy, as cross_entropy:smoothing=0.1,focus=2; numbers: "
          "mean_squared_error, huber:DELTA (in standard deviations of the target), quantile:SHARE")
      .by_default("by task");
  group.each(
      "--class-weights", [&o](const std::string& text) { read_class_weight(text, o); },
      "LABEL=WEIGHT", "what its rows count; balanced: all classes alike");
}

void add_optimizer_flags(CommandLine& line, TrainOptions& o) {
  const FlagGroup group = line.group("Training");
  OptimizerOptions& optimizer = o.optimizer;
  group
      .text(
          "--optimizer", [&optimizer](const std::string& text) { read_optimizer(text, optimizer); },
          "NAME",
          "sgd, momentum, adam, adamw, rmsprop or adagrad; options as sgd:momentum=0.9,nesterov, "
          "adamw:amsgrad, rmsprop:alpha=0.9,centered,momentum=0.9")
      .by_default(std::string(name(optimizer.kind)));
  group.value("--lr", optimizer.learning_rate, "RATE", "learning rate").check(above_zero());
  group.named("--schedule", optimizer.schedule, schedule_from_name,
              "of the rate: constant or cosine");
  group.value("--warmup", optimizer.warmup_steps, "STEPS", "in which the rate grows from 0")
      .check(at_least(0));
  const auto of = [](std::string_view flag) { return "of " + optimizers_with(flag); };
  group.value("--momentum", optimizer.momentum, "SHARE", of("--momentum")).check(share());
  group.value("--beta1", optimizer.beta1, "SHARE", of("--beta1")).check(share());
  group.value("--beta2", optimizer.beta2, "SHARE", of("--beta2")).check(share());
  group.value("--epsilon", optimizer.epsilon, "X", of("--epsilon")).check(above_zero());
  group
      .optional("--weight-decay", o.weight_decay, "X", "decoupled for adamw, else L2",
                "1; few rows: 0.5; many: less")
      .check(at_least(0));
  group.toggle("--no-bias-decay", o.spare_biases, "weights alone decay, biases don't");
  group.value("--clip", optimizer.clip_norm, "NORM", "scale gradients to at most this norm; 0: off")
      .check(at_least(0));
  group
      .value("--average", o.average_decay, "SHARE",
             "decay of the moving average of weights; 0: off")
      .check(share());
}

void add_checkpoint_flags(CommandLine& line, TrainFlags& flags) {
  const FlagGroup group = line.group("Checkpoints");
  const Flag folder = group.value("--checkpoint", flags.checkpoint, "FOLDER",
                                  "where training is stored while it runs");
  group
      .value("--checkpoint-every", flags.checkpoint_every, "TIME",
             "between two of them: 500ms, 30s, 5m, 1h; 0s: each step")
      .needs(folder);
  group.toggle("--resume", flags.resume, "go on from the newest checkpoint, to the same bits");
}

void add_output_flags(CommandLine& line, TrainFlags& flags) {
  const FlagGroup group = line.group("Output");
  group.toggle("--quiet", flags.quiet, "no progress");
  group.value("--log", flags.log, "FILE", "JSON lines to write: one an epoch, then the scores");
}

void add_sweep_flag(CommandLine& line, TrainFlags& flags) {
  line.group("Sweep")
      .value("--sweep", flags.sweep, "GRID",
             "train every combination, save the best: \"hidden=64,64:32 lr=1e-3,3e-3\"")
      .excludes(*line.find("--checkpoint"))
      .excludes(*line.find("--log"));
}

void add_memory_flags(CommandLine& line, TrainFlags& flags) {
  const FlagGroup group = line.group("Data larger than memory");
  const Flag memory =
      group
          .value("--memory", flags.memory, "SIZE",
                 "stay within it: rows lie in scratch files, a part in memory at a time")
          .excludes(*line.find("--sweep"));
  group.value("--scratch", flags.scratch, "FOLDER", "where these files are [that of --model]")
      .needs(memory);
}

}  // namespace

void add_train_flags(CommandLine& line, TrainFlags& flags) {
  add_data_flags(line, flags);
  add_network_flags(line, flags.options);
  add_training_flags(line, flags);
  add_loss_flags(line, flags.options);
  add_optimizer_flags(line, flags.options);
  add_checkpoint_flags(line, flags);
  add_encoding_flags(line, flags.options.encoding);
  add_csv_flags(line, flags.csv);
  add_run_flags(line);
  add_output_flags(line, flags);
  add_sweep_flag(line, flags);
  add_memory_flags(line, flags);
}

void TrainFlags::settle() {
  if (quick) options.folds = 1;
  if (validation && options.folds > 1)
    throw UsageError(
        "--validation is for one network, but each of several is judged by its fold; "
        "add --quick, or leave it out");
  options.validation = validation.value_or(options.validation);
  const std::vector<std::string>& dropped = options.encoding.drop;
  if (std::find(dropped.begin(), dropped.end(), options.target) != dropped.end())
    throw UsageError(fmt::format("--drop: '{}' is the target; drop inputs only", options.target));
  if (!memory.empty()) {
    if (data == "-") throw UsageError("--memory: the rows are read twice, standard input can't be");
    const std::string beside_model = std::filesystem::path(model).parent_path().string();
    stream = {bytes_from("--memory", memory), scratch.empty() ? beside_model : scratch, {}};
  }
  const double every = seconds_from("--checkpoint-every", checkpoint_every);
  if (!checkpoint.empty()) options.checkpoint = {checkpoint, every, resume};
  else if (resume) throw UsageError("--resume needs --checkpoint, the folder to go on from");
}

}  // namespace lanewise::cli
