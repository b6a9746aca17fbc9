// Flags of lanewise train: every part of the recipe of docs/training.md has one.
#pragma once

#include <optional>
#include <string>

#include "cli/data_flags.h"

namespace lanewise::cli {

struct TrainFlags {
  std::string data, model, test, config;
  std::string log, sweep;
  std::string checkpoint, checkpoint_every = "30s";
  std::string memory, scratch;
  std::optional<StreamOptions> stream;  // where not all rows are to be in memory
  bool resume = false, quiet = false, quick = false;
  std::optional<double> validation;
  CsvFlags csv;
  TrainOptions options;

  // What --quick, --validation, --memory and those of checkpoints say, into the options.
  // Errors: UsageError for flags that don't go together.
  void settle();
};

// Declares them; `flags` must outlive the parse.
void add_train_flags(CommandLine& line, TrainFlags& flags);

}  // namespace lanewise::cli
